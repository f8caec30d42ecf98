import type { Clock } from '@selvedge/base/clock';
import { type Duration, minutes } from '@selvedge/base/duration';
import type { LogFields, Logger } from '@selvedge/base/log';

const interval: Duration = minutes(1);
const maxKinds = 1_000;

/** Warnings that a peer can cause at will: the first of each kind is written, then one a minute with the count since. */
export class RepeatLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, { until: number; suppressed: number }>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** @param kind  what counts as the same warning, such as message and node */
  warn(kind: string, message: string, fields: LogFields): void {
    const now = this.#clock.monotonic();
    const seen = this.#kinds.get(kind);
    if (seen && seen.until > now) {
      seen.suppressed++;
      return;
    }
    if (this.#kinds.size >= maxKinds) this.#kinds.clear();
    this.#kinds.set(kind, { until: now + interval, suppressed: 0 });
    this.#log.warn(message, seen && seen.suppressed > 0 ? { ...fields, repeated: seen.suppressed } : fields);
  }
}
