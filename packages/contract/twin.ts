import type { WriteOrigin, WriteOutcome } from './outcome.ts';
import type { Quality } from './quality.ts';
import type { Revision } from './revision.ts';

/** What a property should be. */
export interface Desired {
  readonly value: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly revision: Revision;
  readonly origin: WriteOrigin;
}

/** What a property was found to be. */
export interface Reported {
  /** Absent when it was never read. */
  readonly value?: string;
  /** Middle of the transaction that read the value, or failed to while there was none, ms since the epoch. */
  readonly at: number;
  readonly quality: Quality;
  readonly qualityReason?: string;
}

/** One property of a device as its gateway knows it. */
export interface TwinProperty {
  readonly desired?: Desired;
  readonly reported?: Reported;
  readonly lastWrite?: WriteOutcome;
}
