import type { Clock } from './clock.ts';
import type { Duration } from './duration.ts';
import { describeError } from './errors.ts';
import type { Logger } from './log.ts';

/** Something with a life. `stop` is idempotent, and bounded in time by whoever calls it. */
export interface Stoppable {
  stop(): Promise<void> | void;
}

/**
 * Holds what a process has started, and stops it in the reverse order. Also owner of the promises that nobody awaits:
 * a failure in one is logged as an error and handed to `onFailure`, which in a `main.ts` ends the process.
 */
export class Lifecycle {
  readonly #log: Logger;
  readonly #onFailure: (name: string, error: unknown) => void;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #parts: { name: string; part: Stoppable }[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: { log: Logger; clock: Clock; onFailure?: (name: string, error: unknown) => void }) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#onFailure = options.onFailure ?? (() => {});
  }

  /** Aborted when stopping begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Registers a part to be stopped, and returns it. One that comes after stopping has begun is stopped at once. */
  add<Part extends Stoppable>(name: string, part: Part): Part {
    if (this.signal.aborted) void this.#stopLate(name, part);
    else this.#parts.push({ name, part });
    return part;
  }

  /** Runs `promise` in the background; after `stop` has begun its failure no longer matters. */
  spawn(name: string, promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      if (this.signal.aborted) return;
      this.#log.error('background task failed', { task: name, error: describeError(error) });
      this.#onFailure(name, error);
    });
  }

  /** Stops all parts, last started first, each within `perPart`; one that fails or hangs is logged and passed over. */
  stop(perPart: Duration): Promise<void> {
    this.#stopping ??= this.#stopAll(perPart);
    return this.#stopping;
  }

  async #stopAll(perPart: Duration): Promise<void> {
    this.#abort.abort(new Error('stopping'));
    for (const { name, part } of this.#parts.reverse()) {
      try {
        await within(this.#clock, perPart, `stop ${name}`, Promise.resolve(part.stop()));
      } catch (error) {
        this.#log.warn('part did not stop cleanly', { part: name, error: describeError(error) });
      }
    }
    this.#parts = [];
  }

  async #stopLate(name: string, part: Stoppable): Promise<void> {
    try {
      await part.stop();
    } catch (error) {
      this.#log.warn('part did not stop cleanly', { part: name, error: describeError(error) });
    }
  }
}

/** The promise's result, or an error naming `what` when it has not settled within `limit`. */
export function within<Result>(clock: Clock, limit: Duration, what: string, promise: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(what, limit, () => reject(new Error(`${what}: no result within ${limit} ms`)));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
