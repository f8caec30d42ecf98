import type { Duration } from './duration.ts';

/** A pending timer. Cancelling one that has fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as a thing you are handed. Protocol code never calls `Date.now` or `setTimeout`: with a {@link VirtualClock}
 * (virtual-clock.ts) in its place an hour passes in milliseconds, and the same seed gives the same run.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970-01-01T00:00:00Z. May jump when somebody sets the clock. */
  now(): number;
  /** Milliseconds from an arbitrary origin, never going back. For measuring how long something took. */
  monotonic(): number;
  /** Calls `fire` once after `delay`. `name` is for diagnostics only. */
  after(name: string, delay: Duration, fire: () => void): Timer;
}

/**
 * Resolves after `delay`.
 * @throws the signal's reason as soon as `signal` is aborted.
 */
export function sleep(clock: Clock, delay: Duration, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after('sleep', delay, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The machine's own clock. */
export class RealClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  after(_name: string, delay: Duration, fire: () => void): Timer {
    const handle = setTimeout(fire, delay);
    return { cancel: () => clearTimeout(handle) };
  }
}
