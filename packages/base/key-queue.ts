import type { Clock, Timer } from './clock.ts';
import { type Duration, millis } from './duration.ts';

export interface KeyQueueOptions {
  readonly clock: Clock;
  /** How many keys are worked on at the same time; one key never twice. Default 1. */
  readonly concurrency?: number;
  /** First wait after a failure of a key; doubles each time. Default 100 ms. */
  readonly retryFirst?: Duration;
  /** Longest wait between two tries. Default 30 s. */
  readonly retryMax?: Duration;
  /**
   * Brings the key's object to its wanted state. Level-based: reads everything, remembers nothing of why it was called.
   * Resolves with a time after which to look again, or nothing; a rejection means try again with back-off.
   */
  readonly work: (key: string) => Promise<Duration | undefined>;
  readonly onError: (key: string, error: unknown, retryIn: Duration) => void;
}

/**
 * The controller's work queue: events only put keys in, equal keys fold into one, and a key that is being worked on is
 * taken up again afterwards when it was added meanwhile. Bounded by the number of distinct keys.
 */
export class KeyQueue {
  readonly #options: KeyQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { timer: Timer; at: number }>();
  #idle: (() => void)[] = [];
  #stopped = false;

  constructor(options: KeyQueueOptions) {
    this.#options = options;
  }

  /** Asks for `key` to be worked on as soon as possible. */
  add(key: string): void {
    if (this.#stopped) return;
    this.#cancelTimer(key);
    if (this.#active.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    queueMicrotask(() => this.#pump());
  }

  /** Asks for `key` to be worked on after `delay`, unless it is wanted sooner anyway. */
  addAfter(key: string, delay: Duration): void {
    if (this.#stopped || this.#waiting.has(key)) return;
    const at = this.#options.clock.monotonic() + delay;
    const earlier = this.#timers.get(key);
    if (earlier && earlier.at <= at) return;
    earlier?.timer.cancel();
    const timer = this.#options.clock.after(`queue ${key}`, delay, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { timer, at });
  }

  /** Takes no more keys, and resolves when the ones being worked on are done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    this.#again.clear();
    for (const { timer } of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    if (this.#active.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #pump(): void {
    const limit = this.#options.concurrency ?? 1;
    for (const key of this.#waiting) {
      if (this.#active.size >= limit) return;
      this.#waiting.delete(key);
      this.#active.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      const again = await this.#options.work(key);
      this.#failures.delete(key);
      if (again !== undefined && !this.#again.has(key)) this.addAfter(key, again);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const first = this.#options.retryFirst ?? 100;
      const retryIn = millis(Math.min(first * 2 ** Math.min(failures - 1, 20), this.#options.retryMax ?? 30_000));
      this.#options.onError(key, error, retryIn);
      this.addAfter(key, retryIn);
    }
    this.#active.delete(key);
    if (this.#again.delete(key)) this.add(key);
    else this.#pump();
    if (this.#active.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.timer.cancel();
    this.#timers.delete(key);
  }
}
