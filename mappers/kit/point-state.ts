import type { DesiredMessage } from '@selvedge/contract/mapper';
import { isFinal, type WriteOutcome, type WritePhase } from '@selvedge/contract/outcome';
import { type Revision, sameRevision } from '@selvedge/contract/revision';
import type { Raw } from './driver.ts';

export type DesiredProperty = DesiredMessage['properties'][string];

/** What the rules say of a desired value: the raw value to write, or why not. */
export type Judgement =
  | { readonly ok: true; readonly raw: Raw }
  | { readonly ok: false; readonly code: string; readonly reason: string };

export interface Wanted {
  readonly value: string;
  readonly revision: Revision;
  readonly origin: WriteOutcome['origin'];
  readonly raw: Raw;
}

/**
 * How far the desired value of one point has come. Plain data, changed only by the functions below; times are ms of the
 * monotonic clock but for `at`, which is wall-clock time and goes into outcomes.
 * - `idle`: nothing to do. `due`: to be written. `verify`: acknowledged, to be read back.
 */
export interface PointState {
  readonly step: 'idle' | 'due' | 'verify';
  readonly wanted?: Wanted;
  /** What is on the wire now; at most one at a time. */
  readonly inFlight?: Wanted;
  /** Not to be touched before this time. */
  readonly notBefore: number;
  /** Tries on the wire for the wanted revision. */
  readonly attempts: number;
  /** Tries in a row that failed, and read-backs in a row that found another value. */
  readonly failures: number;
  readonly mismatches: number;
  /** The newest revision that the device acknowledged. */
  readonly acked?: Revision;
  /** The newest outcome for the wanted revision. */
  readonly outcome?: WriteOutcome;
  /** The wanted value stands rejected by a rule, not by the device: it is judged anew when the rules change. */
  readonly ruledOut?: boolean;
}

/** The state after an event, and the outcome to publish, if any. */
export interface Change {
  readonly state: PointState;
  readonly outcome?: WriteOutcome;
}

/** Why a try failed; goes into the outcome. */
export type Problem = Pick<WriteOutcome, 'code' | 'reason'>;

export const idlePoint: PointState = { step: 'idle', notBefore: 0, attempts: 0, failures: 0, mismatches: 0 };

/** Read-backs that may find another value before the write counts as not taken; some devices take a moment. */
const maxMismatches = 4;
const firstRecheck = 20;
const firstRetry = 200;
const maxRetry = 30_000;

/**
 * A desired value arrives, or arrives again, or is gone. Level-based: the same revision changes nothing, unless a rule refuses
 * or had refused it: rules change with the device's configuration. What the device has decided no rule changes any more.
 */
export function want(
  state: PointState,
  desired: DesiredProperty | undefined,
  judgement: Judgement | undefined,
  at: number,
): Change {
  if (desired === undefined || judgement === undefined) {
    const { wanted: _wanted, outcome: _outcome, ruledOut: _ruledOut, ...rest } = state;
    return { state: { ...rest, step: 'idle' } };
  }
  const known = state.wanted !== undefined && sameRevision(state.wanted.revision, desired.revision);
  const outcome = known ? state.outcome : outcomeIn(desired);
  const ruledOut = known ? state.ruledOut === true : outcome?.phase === 'Rejected' && outcome.attempts === 0;
  const decided = outcome !== undefined && isFinal(outcome.phase) && !ruledOut;
  const base = known ? state : adopt(state, desired, outcome);
  const { value, revision, origin } = desired;
  if (judgement.ok) {
    const next: PointState = { ...base, wanted: { value, revision, origin, raw: judgement.raw }, ruledOut: false };
    if (known && !ruledOut) return { state: next };
    return { state: { ...next, step: decided ? 'idle' : 'due', notBefore: 0 } };
  }
  const wanted: Wanted = { value, revision, origin, raw: value };
  if (decided) return { state: known ? state : { ...base, wanted } };
  const next: PointState = { ...base, step: 'idle', wanted, ruledOut: true };
  const { code, reason } = judgement;
  if (ruledOut && outcome?.code === code && outcome.reason === reason) return { state: next };
  return report(next, wanted, 'Rejected', at, { code, reason });
}

/** The write goes out. */
export function send(state: PointState, at: number): Change {
  const wanted = state.wanted as Wanted;
  return report({ ...state, step: 'idle', inFlight: wanted, attempts: state.attempts + 1 }, wanted, 'Sent', at);
}

/** The device acknowledged what was in flight. */
export function acknowledge(state: PointState, at: number): Change {
  const { inFlight, ...rest } = state;
  if (inFlight === undefined) return { state };
  const acked: PointState = { ...rest, acked: inFlight.revision };
  // A newer value came meanwhile: it is due already, and reading the older one back would only delay it.
  if (!isCurrent(state, inFlight)) return report(acked, inFlight, 'Acknowledged', at);
  if (state.ruledOut) return { state: acked };
  const verify: PointState = { ...acked, step: 'verify', failures: 0, mismatches: 0, notBefore: 0 };
  return report(verify, inFlight, 'Acknowledged', at);
}

/** The wire failed while a write was in flight; it is tried again, later and later. */
export function failWrite(state: PointState, problem: Problem, now: number, at: number): Change {
  const { inFlight, ...rest } = state;
  if (inFlight === undefined || !isCurrent(state, inFlight) || state.ruledOut) return { state: rest };
  return report({ ...rest, step: 'due', ...retryLater(state, now) }, inFlight, 'Failed', at, problem);
}

/** The device, or a rule of its protocol, said no to what was in flight. Final. */
export function rejectWrite(state: PointState, problem: Problem, at: number): Change {
  const { inFlight, ...rest } = state;
  if (inFlight === undefined || !isCurrent(state, inFlight) || state.ruledOut) return { state: rest };
  return report({ ...rest, step: 'idle' }, inFlight, 'Rejected', at, problem);
}

/** The read-back of `revision` found a value. */
export function verify(
  state: PointState,
  found: { readonly revision: Revision; readonly equal: boolean; readonly text: string },
  now: number,
  at: number,
): Change {
  const { wanted } = state;
  if (wanted === undefined || !isVerifying(state, found.revision)) return { state };
  if (found.equal) return report({ ...state, step: 'idle', failures: 0 }, wanted, 'Verified', at, {}, found.text);
  const mismatches = state.mismatches + 1;
  if (mismatches < maxMismatches) {
    return { state: { ...state, mismatches, notBefore: now + firstRecheck * 4 ** (mismatches - 1) } };
  }
  const reason = `the device acknowledged ${wanted.value} and then held ${found.text}; it limits or ignores the value, change desired`;
  return report({ ...state, step: 'idle' }, wanted, 'Rejected', at, { code: 'ReadBackMismatch', reason }, found.text);
}

/** The wire failed during the read-back of `revision`; it is read again, later and later. */
export function failReadBack(state: PointState, revision: Revision, now: number): Change {
  return { state: isVerifying(state, revision) ? { ...state, ...retryLater(state, now) } : state };
}

/** The device took `revision` and refuses to be read there. Final. */
export function rejectReadBack(state: PointState, revision: Revision, problem: Problem, at: number): Change {
  const { wanted } = state;
  if (wanted === undefined || !isVerifying(state, revision)) return { state };
  return report({ ...state, step: 'idle' }, wanted, 'Rejected', at, problem);
}

/** The wanted value cannot be tried now: line down or device silent. Says so once; {@link wake} makes it due again. */
export function hold(state: PointState, problem: Problem, at: number): Change {
  if (state.step !== 'due' || state.wanted === undefined) return { state };
  if (state.outcome?.phase === 'Failed' && state.outcome.code === problem.code) return { state };
  return report(state, state.wanted, 'Failed', at, problem);
}

/** Line or device is back: no more waiting. */
export const wake = (state: PointState): PointState => ({ ...state, notBefore: 0, failures: 0 });

/** A poll found `text` where a verified value should stand, and the property is to be enforced: write it again. */
export function enforce(state: PointState, text: string, pollAcked: Revision | undefined): PointState {
  const { outcome, wanted } = state;
  if (state.step !== 'idle' || state.inFlight || !wanted || outcome?.phase !== 'Verified') return state;
  if (outcome.readBack === undefined || outcome.readBack === text) return state;
  if (pollAcked === undefined || !sameRevision(pollAcked, wanted.revision)) return state;
  return { ...state, step: 'due', mismatches: 0 };
}

function report(
  state: PointState,
  wanted: Wanted,
  phase: WritePhase,
  at: number,
  { code, reason }: Problem = {},
  readBack?: string,
): Change {
  const current = isCurrent(state, wanted);
  const { revision, value, origin } = wanted;
  const outcome: WriteOutcome = {
    ...{ revision, value, origin, phase, at },
    attempts: current ? state.attempts : 1,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason: reason.slice(0, 1_024) }),
    ...(readBack === undefined ? {} : { readBack }),
  };
  return { state: current ? { ...state, outcome } : state, outcome };
}

const isCurrent = (state: PointState, wanted: Wanted): boolean =>
  state.wanted !== undefined && sameRevision(state.wanted.revision, wanted.revision);

/** A newer value may have come since the read-back began: what it found is of no interest then. */
const isVerifying = (state: PointState, revision: Revision): boolean =>
  state.step === 'verify' && state.wanted !== undefined && sameRevision(state.wanted.revision, revision);

const retryLater = (state: PointState, now: number): Pick<PointState, 'failures' | 'notBefore'> => ({
  failures: state.failures + 1,
  notBefore: now + Math.min(firstRetry * 2 ** Math.min(state.failures, 20), maxRetry),
});

/** The point with a revision that it does not know: what is on the wire and what was acknowledged stay. */
function adopt(state: PointState, desired: DesiredProperty, outcome: WriteOutcome | undefined): PointState {
  const attempts = outcome?.attempts ?? 0;
  // Whoever served the point before had tried this revision: all that we read begins after that.
  const acked = state.acked ?? (attempts > 0 ? desired.revision : undefined);
  return {
    ...idlePoint,
    attempts,
    ...(state.inFlight ? { inFlight: state.inFlight } : {}),
    ...(acked ? { acked } : {}),
    ...(outcome ? { outcome } : {}),
  };
}

const outcomeIn = (desired: DesiredProperty): WriteOutcome | undefined =>
  desired.outcome && sameRevision(desired.outcome.revision, desired.revision) ? desired.outcome : undefined;
