/** Share of a line's time that probes of dead devices may take while others on it are alive. */
const probeShare = 0.04;

/**
 * Per line: keeps the probes of dead devices from eating the time of the living. Each probe is followed by a pause in
 * proportion to what it took; a line without a living device needs none. No timers; times are ms of one clock.
 */
export class ProbeBudget {
  #notBefore = 0;

  /** When the next probe may begin. */
  get notBefore(): number {
    return this.#notBefore;
  }

  /** A probe that took `tookMs` has ended. */
  spend(now: number, tookMs: number, othersAlive: boolean): void {
    this.#notBefore = othersAlive ? now + tookMs / probeShare - tookMs : now;
  }
}
