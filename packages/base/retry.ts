import type { Duration } from './duration.ts';
import type { Random } from './random.ts';

export interface BackoffOptions {
  /** The first interval. */
  readonly first: Duration;
  /** No interval is longer than this, jitter included. */
  readonly max: Duration;
  /** Each interval is this many times the one before. Default 2. */
  readonly factor?: number;
  /** Share of the interval that is left to chance, 0 to 1: 0.25 gives 75 % to 100 % of it. Default 0.25. */
  readonly jitter?: number;
  readonly random: Random;
}

/**
 * An endless schedule of waiting times: no timers, no I/O, so it is tested by listing it.
 * Jitter only shortens, so that `max` is a promise and a crowd of gateways spreads out after an outage.
 */
export function* backoff(options: BackoffOptions): Generator<Duration, never, void> {
  const { first, max, factor = 2, jitter = 0.25, random } = options;
  let interval: number = first;
  for (;;) {
    const capped = Math.min(interval, max);
    yield Math.round(capped * (1 - jitter * random())) as Duration;
    interval = capped * factor;
  }
}
