import { type Duration, millis, seconds } from '@selvedge/base/duration';
import type { Random } from '@selvedge/base/random';
import { backoff } from '@selvedge/base/retry';

/** Failures in a row after which a device that has answered before is given up on. */
const failuresToOpen = 2;
/** The shortest time a probe waits for an answer; the tries double it up to the device's own time-out, then begin anew. */
const shortestProbe = millis(100);
/** Share of a line's time that probes of dead devices may take while others on it are alive. */
const probeShare = 0.03;

/**
 * Per device: whether it is worth asking. Closed: asked normally. Open: asked only by probes, further and further apart.
 * A device that has never answered is given up on at its first failure, one that has at the second in a row: noise happens.
 * No timers, no I/O.
 */
export class Breaker {
  readonly #random: Random;
  #waits: Generator<Duration, never, void>;
  #failures = 0;
  #probes = 0;
  #probeAt: number | undefined;
  #answered = false;

  constructor(random: Random) {
    this.#random = random;
    this.#waits = this.#schedule();
  }

  get isOpen(): boolean {
    return this.#probeAt !== undefined;
  }

  /** Whether it has answered since it was made. */
  get hasAnswered(): boolean {
    return this.#answered;
  }

  /** When it may be probed; undefined while closed. */
  get probeAt(): number | undefined {
    return this.#probeAt;
  }

  /** How long the next probe may wait: short for most, so that they cost little, and the full time-out every few. */
  probeTimeout(timeout: Duration): Duration {
    const steps = Math.max(1, Math.ceil(Math.log2(timeout / shortestProbe)) + 1);
    return millis(Math.min(timeout, shortestProbe * 2 ** (this.#probes % steps)));
  }

  /** It answered, be it with a refusal. */
  succeed(): void {
    this.#answered = true;
    this.#failures = 0;
    if (this.#probeAt === undefined) return;
    this.#probeAt = undefined;
    this.#probes = 0;
    this.#waits = this.#schedule();
  }

  /** It did not answer in time. */
  fail(now: number): void {
    this.#failures++;
    if (this.#probeAt !== undefined) this.#probes++;
    else if (this.#answered && this.#failures < failuresToOpen) return;
    this.#probeAt = now + this.#waits.next().value;
  }

  /** Something has changed that makes an early probe worthwhile: the line was opened anew. */
  probeNow(now: number): void {
    if (this.#probeAt !== undefined) this.#probeAt = Math.min(this.#probeAt, now);
  }

  #schedule(): Generator<Duration, never, void> {
    return backoff({ first: millis(500), max: seconds(10), random: this.#random });
  }
}

/**
 * Per line: keeps the probes of dead devices from eating the time of the living. Each probe is followed by a pause in
 * proportion to what it took; a line without a living device needs none.
 */
export class ProbeBudget {
  #notBefore = 0;

  get notBefore(): number {
    return this.#notBefore;
  }

  spend(now: number, tookMs: number, othersAlive: boolean): void {
    this.#notBefore = othersAlive ? now + tookMs / probeShare - tookMs : now;
  }
}
