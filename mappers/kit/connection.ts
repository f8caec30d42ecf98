import type { Clock } from '@selvedge/base/clock';
import { type Duration, millis, seconds } from '@selvedge/base/duration';
import { describeError, transient } from '@selvedge/base/errors';
import { within } from '@selvedge/base/lifecycle';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { backoff } from '@selvedge/base/retry';
import type { Call, Driver, DriverIo, Session } from './driver.ts';
import { stopping } from './verdict.ts';

export interface ConnectionOptions<Line, Device, Address> {
  /** The line, for a person: `tcp:10.0.0.5:502`. */
  readonly key: string;
  readonly settings: Line;
  readonly driver: Driver<Line, Device, Address>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly dataDir: string;
  /** It cannot be opened, or broke. Called again when the reason changes. */
  readonly onDown: (reason: string) => void;
}

/** A driver that ignores its own time-outs is left alone after this long. */
const openLimit = seconds(10);
const closeLimit = seconds(2);
/** A driver's own time-out knows more to say than ours, so that it goes first. */
const grace = millis(20);

/**
 * The session of one line: opened, lost, opened again with back-off, and asked one thing at a time with a bound in time.
 * The back-off only begins anew after a session that worked: a server that takes connections and drops them is not a busy loop.
 */
export class Connection<Line, Device, Address> {
  readonly #options: ConnectionOptions<Line, Device, Address>;
  readonly #stop = new AbortController();
  #waits: Generator<Duration, never, void>;
  #session: Session<Device, Address> | undefined;
  #closing: Promise<void> = Promise.resolve();
  /** Ends the request that is waited for. */
  #giveUp: ((error: unknown) => void) | undefined;
  /** Resolves when a request that nobody waits for any more is off the wire. */
  #unfinished: Promise<void> | undefined;
  #proven = true;

  constructor(options: ConnectionOptions<Line, Device, Address>) {
    this.#options = options;
    this.#waits = this.#schedule();
  }

  get isOpen(): boolean {
    return this.#session !== undefined;
  }

  /** How long to wait before the next {@link open}; nothing after a session that worked. */
  nextWait(): Duration {
    if (!this.#proven) return this.#waits.next().value;
    this.#waits = this.#schedule();
    this.#proven = false;
    return millis(0);
  }

  /** An answer came: the session works. */
  prove(): void {
    this.#proven = true;
  }

  /** Tries once. `onDown` has been told when it resolves with false, unless it was stopped. */
  async open(): Promise<boolean> {
    const { driver, settings, clock, random, log, dataDir, key } = this.#options;
    // The old session may still hold the port.
    await this.#closing;
    if (this.#stop.signal.aborted) return false;
    let lostAlready = false;
    let session: Session<Device, Address> | undefined;
    const lost = (error: unknown) => {
      if (session === undefined) lostAlready = true;
      else if (this.#session === session) this.lose(error);
    };
    const io: DriverIo = { clock, random, log, dataDir, lost };
    const opening = (async () => driver.open(settings, io))();
    try {
      session = await abortable(within(clock, openLimit, `open ${key}`, opening), this.#stop.signal);
    } catch (error) {
      // One that succeeds after we gave up must not keep the port.
      const late = opening.then((session) => this.#close(session)).catch(() => undefined);
      this.#closing = within(clock, closeLimit, `close ${key}`, late).catch(() => undefined);
      if (!this.#stop.signal.aborted) this.#options.onDown(`${key} cannot be opened: ${describeError(error)}`);
      return false;
    }
    if (lostAlready || this.#stop.signal.aborted) {
      this.#closing = this.#close(session);
      if (lostAlready) this.#options.onDown(`${key} was lost as soon as it was open`);
      return false;
    }
    this.#session = session;
    return true;
  }

  /**
   * One request, bounded in time whatever the driver does. Aborting `abort` ends the waiting at once; the next request still
   * goes out only when the driver is done with this one.
   * @throws transient `Timeout`, transient `LineLost`, what aborted `abort`, or what the driver throws
   */
  ask<Result>(
    timeout: Duration,
    abort: AbortController,
    request: (session: Session<Device, Address>, call: Call) => Promise<Result>,
  ): Promise<Result> {
    if (this.#unfinished) return this.#unfinished.then(() => this.ask(timeout, abort, request));
    const session = this.#session;
    if (!session) return Promise.reject(transient('LineLost', 'Cannot ask: the line is closed'));
    if (abort.signal.aborted) return Promise.reject(abort.signal.reason);
    const { clock, key } = this.#options;
    // Called at once: what goes out must not wait for another turn.
    const answer = (async () => request(session, { timeout, signal: abort.signal }))();
    const giveUp = (error: unknown) => abort.abort(error);
    this.#giveUp = giveUp;
    const done = new Promise<void>((resolve) => {
      const timer = clock.after(`request on ${key}`, millis(timeout + grace), () => {
        giveUp(transient('Timeout', `no answer within ${timeout} ms`));
        resolve();
      });
      answer
        .catch(() => undefined)
        .finally(() => {
          timer.cancel();
          resolve();
        });
    });
    return abortable(answer, abort.signal).finally(() => {
      if (this.#giveUp === giveUp) this.#giveUp = undefined;
      if (this.#session !== session || !abort.signal.aborted) return;
      this.#unfinished = done;
      void done.then(() => {
        if (this.#unfinished === done) this.#unfinished = undefined;
      });
    });
  }

  /** The session broke: whoever waits for an answer is told. */
  lose(error: unknown): void {
    const session = this.#take();
    if (!session) return;
    this.#closing = this.#close(session);
    this.#options.onDown(`${this.#options.key} was lost: ${describeError(error)}`);
    this.#giveUp?.(transient('LineLost', `Cannot use "${this.#options.key}": ${describeError(error)}`));
  }

  /** Closes a session that nobody answers on, to begin with a fresh one; not a fault of the line. */
  recycle(): void {
    const session = this.#take();
    if (session) this.#closing = this.#close(session);
  }

  /** Closes for good; an `open` under way is given up. */
  async stop(): Promise<void> {
    this.giveUpOpening();
    this.recycle();
    await this.#closing;
  }

  /** Stops waiting for an `open` under way. */
  giveUpOpening(): void {
    this.#stop.abort(stopping);
  }

  #take(): Session<Device, Address> | undefined {
    const session = this.#session;
    this.#session = undefined;
    this.#unfinished = undefined;
    return session;
  }

  async #close(session: Session<Device, Address>): Promise<void> {
    const { clock, key, log } = this.#options;
    try {
      await within(clock, closeLimit, `close ${key}`, (async () => session.close())());
    } catch (error) {
      log.warn('line did not close', { line: key, error: describeError(error) });
    }
  }

  #schedule(): Generator<Duration, never, void> {
    return backoff({ first: millis(100), max: seconds(3), random: this.#options.random });
  }
}

/** The promise's result, or the signal's reason as soon as it is aborted. */
function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
