import { FieldError } from '@selvedge/base/errors';

/**
 * What the end of a request says of line and device.
 * - `answered`: all is well. `refused`: the device, or a rule of its protocol, said no, and will again.
 * - `troubled`: it answered that it cannot just now: try again. `silent`: it did not answer, or nothing that makes sense.
 * - `lost`: the line itself broke. `abandoned`: nobody waits for the answer any more; it says nothing.
 */
export type Verdict = 'answered' | 'refused' | 'troubled' | 'silent' | 'lost' | 'abandoned';

/** Why a request ended that nobody waits for any more. */
export const stopping = new FieldError('Cannot go on: the line is being closed', {
  code: 'Stopping',
  kind: 'transient',
});

/** Transient errors in which the device itself speaks. */
const troubles = new Set(['Busy', 'DeviceFailure']);

/** Pure. @param error  what a request was rejected with; undefined: nothing, it was answered */
export function verdictOf(error: unknown): Verdict {
  if (error === undefined) return 'answered';
  if (error === stopping) return 'abandoned';
  if (!(error instanceof FieldError)) return 'silent';
  if (error.kind === 'rejected' || error.kind === 'config') return 'refused';
  if (error.code === 'LineLost') return 'lost';
  return troubles.has(error.code) ? 'troubled' : 'silent';
}

export const codeOf = (error: unknown): string => (error instanceof FieldError ? error.code : 'Unexpected');
