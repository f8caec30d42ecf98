import type { Timer } from '@selvedge/base/clock';
import { type Duration, millis } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import { Agenda, type Job } from './agenda.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { badSamples } from './sampling.ts';
import type { ServedDevice } from './served-device.ts';
import { type Ask, type Samples, Transactions } from './transactions.ts';
import { codeOf, stopping, type Verdict, verdictOf } from './verdict.ts';

export interface LineOptions<Line, Device, Address> extends Omit<ConnectionOptions<Line, Device, Address>, 'onDown'> {
  /** Called for each transaction that gave samples. */
  readonly samples: Samples<Line, Device, Address>;
}

/**
 * One physical line: one session, one thing asked at a time, as its agenda has it. Opens with back-off, for ever, and tells its
 * devices when it is down. What is on the wire is finished before it stops, if it is a write; anything else is given up.
 */
export class Line<LineSettings, Device, Address> {
  readonly #options: LineOptions<LineSettings, Device, Address>;
  readonly #connection: Connection<LineSettings, Device, Address>;
  readonly #agenda: Agenda<LineSettings, Device, Address>;
  readonly #transactions: Transactions<LineSettings, Device, Address>;
  readonly #stop = new AbortController();
  #down: string | undefined;
  #wake: (() => void) | undefined;
  #current:
    | { readonly job: Job<LineSettings, Device, Address>; readonly began: number; readonly abort: AbortController }
    | undefined;
  #released: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: LineOptions<LineSettings, Device, Address>) {
    this.#options = options;
    this.#connection = new Connection({ ...options, onDown: (reason) => this.#setDown(reason) });
    this.#agenda = new Agenda(options.driver);
    this.#transactions = new Transactions({
      clock: options.clock,
      samples: options.samples,
      book: (device, error) => this.#book(device, error),
      halve: (device, points) => {
        const parts = this.#agenda.halve(device, points, options.clock.monotonic());
        options.log.info('block refused, reading it in parts', { device: device.key, line: options.key, parts });
      },
    });
  }

  get settings(): LineSettings {
    return this.#options.settings;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Serves exactly these devices. Resolves when nothing is being asked of one that is no longer among them. */
  async serve(devices: readonly ServedDevice<LineSettings, Device, Address>[]): Promise<void> {
    const known = new Set(this.#agenda.devices);
    this.#agenda.set(devices, this.#options.clock.monotonic());
    for (const device of devices) if (!known.has(device)) device.setLineDown(this.#down);
    if (this.#current && !this.#agenda.has(this.#current.job.device)) this.#giveUpReading();
    this.poke();
    while (this.#current && !this.#agenda.has(this.#current.job.device)) {
      await new Promise<void>((resolve) => this.#released.push(resolve));
    }
  }

  /** Something changed: look again at what is next. */
  poke(): void {
    this.#wake?.();
  }

  /** Finishes a write in hand, gives up anything else, and closes. */
  async stop(): Promise<void> {
    this.#stop.abort(stopping);
    this.#connection.giveUpOpening();
    this.#giveUpReading();
    this.poke();
    await this.#running;
    await this.#connection.stop();
  }

  #giveUpReading(): void {
    if (this.#current && this.#current.job.kind !== 'write') this.#current.abort.abort(stopping);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      if (!this.#connection.isOpen) {
        await this.#reopen();
        continue;
      }
      const now = clock.monotonic();
      const job = this.#agenda.next(now);
      if (job) {
        await this.#execute(job, now);
        continue;
      }
      const next = this.#agenda.nextAt(now);
      await this.#pause(next === undefined ? undefined : millis(Math.max(0, next - now)), true);
    }
  }

  async #reopen(): Promise<void> {
    const wait = this.#connection.nextWait();
    if (wait > 0) await this.#pause(wait, false);
    if (this.#stop.signal.aborted || !(await this.#connection.open())) return;
    // Open is not yet up: a server may take connections and drop them. The first answer, or its absence, shows.
    if (this.#agenda.isEmpty) this.#setDown(undefined);
    if (this.#down === undefined) return;
    const now = this.#options.clock.monotonic();
    for (const device of this.#agenda.devices) device.breaker.probeNow(now);
  }

  async #execute(job: Job<LineSettings, Device, Address>, began: number): Promise<void> {
    const { clock } = this.#options;
    const abort = new AbortController();
    this.#current = { job, began, abort };
    try {
      await this.#transactions.run(job, this.#asker(job, abort));
    } finally {
      this.#current = undefined;
      for (const resolve of this.#released.splice(0)) resolve();
      const now = clock.monotonic();
      this.#agenda.charge(job, now, now - began);
    }
  }

  #asker({ device, kind }: Job<LineSettings, Device, Address>, abort: AbortController): Ask<Device, Address> {
    return async (request) => {
      const { placement } = device.prepared;
      if (!placement) throw stopping;
      const isBounded = kind === 'probe' && this.#agenda.someAlive;
      const timeout = isBounded ? device.breaker.probeTimeout(placement.timeout) : placement.timeout;
      return this.#connection.ask(timeout, abort, (session, call) => request(session, placement.device, call));
    };
  }

  /** Waits for `delay` (for ever without one), and when `wakeable` for news; in any case no longer than until `stop`. */
  #pause(delay: Duration | undefined, wakeable: boolean): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const done = () => {
        timer?.cancel();
        this.#wake = undefined;
        resolve();
      };
      if (this.#stop.signal.aborted) return resolve();
      this.#wake = () => {
        if (wakeable || this.#stop.signal.aborted) done();
      };
      if (delay !== undefined) timer = this.#options.clock.after(`line ${this.#options.key}`, delay, done);
    });
  }

  #setDown(reason: string | undefined): void {
    const { log, key } = this.#options;
    const changed = (this.#down === undefined) !== (reason === undefined);
    if (!changed && reason === this.#down) return;
    this.#down = reason;
    if (changed && reason !== undefined) log.warn('line down', { line: key, error: reason });
    if (changed && reason === undefined) log.info('line up', { line: key });
    for (const device of this.#agenda.devices) {
      device.setLineDown(reason);
      if (changed && reason !== undefined) this.#reportAllBad(device, reason);
    }
    this.poke();
  }

  /** Books what the end of a request says of the line and of the device. */
  #book(device: ServedDevice<LineSettings, Device, Address>, error: unknown): Verdict {
    const verdict = verdictOf(error);
    if (verdict === 'abandoned') return verdict;
    if (verdict === 'lost') {
      this.#connection.lose(error);
      return verdict;
    }
    this.#setDown(undefined);
    if (verdict !== 'silent') this.#connection.prove();
    // Configured anew meanwhile, or gone: it was asked in another way, or at another place.
    if (!this.#agenda.isHere(device)) return verdict;
    if (verdict === 'silent') this.#bookSilence(device, error);
    else this.#bookAnswer(device);
    return verdict;
  }

  #bookAnswer(device: ServedDevice<LineSettings, Device, Address>): void {
    const { clock, log, key } = this.#options;
    const { breaker } = device;
    const wasOpen = breaker.isOpen;
    breaker.succeed(clock.monotonic() - (this.#current?.began ?? clock.monotonic()));
    if (!wasOpen) {
      device.tellHealth();
      return;
    }
    log.info('device answers again', { device: device.key, line: key });
    this.#agenda.dueNow(device, clock.monotonic());
    device.setUnreachable(undefined);
  }

  #bookSilence(device: ServedDevice<LineSettings, Device, Address>, error: unknown): void {
    const { clock, log, key } = this.#options;
    const { breaker, prepared } = device;
    const wasOpen = breaker.isOpen;
    breaker.fail(clock.monotonic(), prepared.placement?.timeout ?? millis(0));
    if (breaker.isOpen && !wasOpen) {
      const reason = `${device.key} does not answer on ${key}: ${describeError(error)}`;
      log.warn('device does not answer', { device: device.key, line: key, error: describeError(error) });
      device.setUnreachable(reason);
      this.#reportAllBad(device, reason);
    }
    // Nobody answers: the connection itself may be dead without knowing it, as after a pulled cable.
    if (codeOf(error) === 'Timeout' && !this.#agenda.someAlive) this.#connection.recycle();
  }

  #reportAllBad(device: ServedDevice<LineSettings, Device, Address>, reason: string): void {
    const points = [...device.prepared.points.values()].map(({ point }) => point);
    if (points.length === 0) return;
    const { samples, clock } = this.#options;
    samples(
      device,
      badSamples(points, (name) => device.state(name).acked, reason, clock.now()),
    );
  }
}
