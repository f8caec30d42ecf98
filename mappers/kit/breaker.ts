import { type Duration, millis, seconds } from '@selvedge/base/duration';
import type { Random } from '@selvedge/base/random';
import { backoff } from '@selvedge/base/retry';

/** Failures in a row after which a device that has answered before is given up on. */
const failuresToOpen = 2;
/** A short probe waits this long, or twice the slowest answer that was seen, if that is longer. */
const shortProbe = millis(100);
/** Of so many probes one waits the full time-out: the device may have become slow. Which one is left to chance. */
const fullProbeEvery = 8;

/**
 * Per device: whether it is worth asking. Closed: asked normally. Open: asked only by probes, further and further apart.
 * A device that has never answered is given up on at its first failure, one that has at the second in a row: noise happens.
 * After a request without an answer it is left alone for as long again: a late answer must not pass for the next one's.
 * No timers, no I/O; times are ms of one clock.
 */
export class Breaker {
  readonly #random: Random;
  #waits: Generator<Duration, never, void>;
  #failures = 0;
  #probes: number;
  #isOpen = false;
  #notBefore = 0;
  #slowest = 0;
  #answered = false;

  constructor(random: Random) {
    this.#random = random;
    this.#waits = this.#schedule();
    this.#probes = this.#anyProbe();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether it has answered since it was made. */
  get hasAnswered(): boolean {
    return this.#answered;
  }

  /** When it may be asked again: any time that has passed while all is well. */
  get notBefore(): number {
    return this.#notBefore;
  }

  /** How long the next probe may wait for an answer: short for most, so that they cost the line little. */
  probeTimeout(timeout: Duration): Duration {
    if (this.#probes % fullProbeEvery === fullProbeEvery - 1) return timeout;
    return millis(Math.min(timeout, Math.max(shortProbe, 2 * this.#slowest)));
  }

  /** It answered after `tookMs`, be it with a refusal. */
  succeed(tookMs: number): void {
    this.#answered = true;
    this.#slowest = Math.max(this.#slowest, tookMs);
    this.#failures = 0;
    this.#notBefore = 0;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#probes = this.#anyProbe();
    this.#waits = this.#schedule();
  }

  /** It did not answer in time. @param timeout  how long it may take to answer */
  fail(now: number, timeout: Duration): void {
    this.#failures++;
    this.#notBefore = now + timeout;
    if (this.#isOpen) this.#probes++;
    else if (this.#answered && this.#failures < failuresToOpen) return;
    this.#isOpen = true;
    this.#notBefore = now + Math.max(timeout, this.#waits.next().value);
  }

  /** Something has changed that makes an early probe worthwhile, and ends what was under way: the line was opened anew. */
  probeNow(now: number): void {
    this.#notBefore = Math.min(this.#notBefore, now);
  }

  /** Dead devices of one line must not all begin with the same: their full probes would fall together. */
  #anyProbe(): number {
    return Math.floor(this.#random() * fullProbeEvery);
  }

  #schedule(): Generator<Duration, never, void> {
    return backoff({ first: millis(500), max: seconds(10), random: this.#random });
  }
}
