import type { Clock, Timer } from './clock.ts';
import type { Duration } from './duration.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly name: string;
  readonly fire: () => void;
}

/** A clock that stands still until it is told to advance. Timers due at the same instant fire in the order they were set. */
export class VirtualClock implements Clock {
  readonly #origin: number;
  #elapsed = 0;
  #order = 0;
  #entries: Entry[] = [];
  #advancing: Promise<void> = Promise.resolve();

  /** @param start  wall-clock time at the origin, ms since the epoch. Default 2026-01-01T00:00:00Z. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#origin = start;
  }

  now(): number {
    return this.#origin + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(name: string, delay: Duration, fire: () => void): Timer {
    const entry: Entry = { at: this.#elapsed + Math.max(0, delay), order: this.#order++, name, fire };
    this.#entries.push(entry);
    return {
      cancel: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  /** Names of the timers that are set, soonest first. */
  pending(): string[] {
    return [...this.#entries].sort(bySchedule).map((entry) => entry.name);
  }

  /** When the next timer is due, in elapsed milliseconds, or undefined when none is set. */
  nextAt(): number | undefined {
    return [...this.#entries].sort(bySchedule)[0]?.at;
  }

  /**
   * Moves time forward, firing every timer that falls due, and lets promise continuations run after each.
   * A timer set by a continuation fires too if it is due within `by`. A second call waits for the first.
   */
  advance(by: Duration): Promise<void> {
    const done = this.#advancing.then(() => this.#advance(by));
    // A timer that throws fails the call in which it was due, not the next one.
    this.#advancing = done.catch(() => {});
    return done;
  }

  async #advance(by: Duration): Promise<void> {
    const target = this.#elapsed + by;
    await settle();
    for (;;) {
      const next = this.#entries.sort(bySchedule)[0];
      if (next === undefined || next.at > target) break;
      this.#entries.shift();
      this.#elapsed = next.at;
      next.fire();
      await settle();
    }
    this.#elapsed = target;
    await settle();
  }
}

function bySchedule(a: Entry, b: Entry): number {
  return a.at - b.at || a.order - b.order;
}

/** Lets everything that is ready run: promise jobs, and the immediates that streams use. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
