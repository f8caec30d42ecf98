import type { Clock } from '@selvedge/base/clock';
import type { Duration } from '@selvedge/base/duration';

/**
 * Counts failures per peer within a sliding window and says when there were too many. Remembers at most `peers` peers: the
 * one that failed longest ago is forgotten first.
 */
export class FailureLimit {
  readonly #options: { clock: Clock; failures: number; window: Duration; peers: number };
  readonly #failures = new Map<string, number[]>();

  constructor(options: { clock: Clock; failures: number; window: Duration; peers: number }) {
    this.#options = options;
  }

  exceeded(peer: string): boolean {
    return this.#recent(peer).length >= this.#options.failures;
  }

  failed(peer: string): void {
    const times = [...this.#recent(peer), this.#options.clock.monotonic()].slice(-this.#options.failures);
    this.#failures.delete(peer);
    this.#failures.set(peer, times);
    if (this.#failures.size <= this.#options.peers) return;
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      break;
    }
  }

  #recent(peer: string): number[] {
    const since = this.#options.clock.monotonic() - this.#options.window;
    return (this.#failures.get(peer) ?? []).filter((time) => time > since);
  }
}
