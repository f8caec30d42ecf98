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
}

/** The state after an event, and the outcome to publish, if any. */
export interface Change {
  readonly state: PointState;
  readonly outcome?: WriteOutcome;
}

export const idlePoint: PointState = { step: 'idle', notBefore: 0, attempts: 0, failures: 0, mismatches: 0 };

/** Read-backs that may find another value before the write counts as not taken; some devices take a moment. */
const maxMismatches = 4;
const firstRecheck = 20;
const firstRetry = 200;
const maxRetry = 30_000;

/**
 * A desired value arrives, or arrives again, or is gone. Level-based: the same revision changes nothing, unless a rule had
 * refused it, which may have changed since with the device's configuration.
 */
export function want(
  state: PointState,
  desired: DesiredProperty | undefined,
  judgement: Judgement | undefined,
  at: number,
): Change {
  if (desired === undefined || judgement === undefined) {
    const { wanted: _wanted, outcome: _outcome, ...rest } = state;
    return { state: { ...rest, step: 'idle' } };
  }
  const known = state.wanted !== undefined && sameRevision(state.wanted.revision, desired.revision);
  const outcome = known ? state.outcome : sameRevisionOutcome(desired);
  const refusedByRule = outcome?.phase === 'Rejected' && outcome.attempts === 0;
  if (!judgement.ok) {
    const wanted: Wanted = { ...pick(desired), raw: desired.value };
    const next: PointState = { ...kept(state), step: 'idle', wanted, ...(outcome ? { outcome } : {}) };
    if (refusedByRule && outcome.code === judgement.code && outcome.reason === judgement.reason) return { state: next };
    return report(next, wanted, 'Rejected', at, { code: judgement.code, reason: judgement.reason });
  }
  const wanted: Wanted = { ...pick(desired), raw: judgement.raw };
  if (known && !refusedByRule) return { state: { ...state, wanted } };
  const fresh: PointState = { ...kept(state), wanted, attempts: outcome?.attempts ?? 0 };
  if (outcome !== undefined && !refusedByRule && isFinal(outcome.phase)) {
    const acked = outcome.phase === 'Verified' ? { acked: desired.revision } : {};
    return { state: { ...fresh, ...acked, step: 'idle', outcome } };
  }
  return { state: { ...fresh, step: 'due', ...(outcome ? { outcome } : {}) } };
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
  const acked: PointState = { ...rest, acked: inFlight.revision, failures: 0, mismatches: 0, notBefore: 0 };
  // A newer value came meanwhile: it is due already, and reading the older one back would only delay it.
  if (!isCurrent(state, inFlight)) return report(acked, inFlight, 'Acknowledged', at);
  return report({ ...acked, step: 'verify' }, inFlight, 'Acknowledged', at);
}

/** The wire failed; to be tried again at `retryAt` or when the device is back. */
export function fail(state: PointState, problem: Problem, now: number, at: number): Change {
  const { inFlight, ...rest } = state;
  const failures = state.failures + 1;
  const notBefore = now + Math.min(firstRetry * 2 ** Math.min(failures - 1, 20), maxRetry);
  if (inFlight !== undefined && !isCurrent(state, inFlight)) return { state: rest };
  if (state.wanted === undefined) return { state: { ...rest, step: 'idle' } };
  // A read-back that failed is read again; a write that failed is written again.
  const step = inFlight === undefined ? 'verify' : 'due';
  const next: PointState = { ...rest, step, failures, notBefore };
  return step === 'verify' ? { state: next } : report(next, state.wanted, 'Failed', at, problem);
}

/** The device, or a rule of its protocol, said no. Final. */
export function reject(state: PointState, problem: Problem, at: number): Change {
  const { inFlight, ...rest } = state;
  if (inFlight !== undefined && !isCurrent(state, inFlight)) return { state: rest };
  if (state.wanted === undefined) return { state: { ...rest, step: 'idle' } };
  return report({ ...rest, step: 'idle' }, state.wanted, 'Rejected', at, problem);
}

/** The wanted value cannot be tried now: line down or device silent. Says so once; `wake` makes it due again. */
export function hold(state: PointState, problem: Problem, at: number): Change {
  if (state.step !== 'due' || state.wanted === undefined) return { state };
  if (state.outcome?.phase === 'Failed' && state.outcome.code === problem.code) return { state };
  return report(state, state.wanted, 'Failed', at, problem);
}

/** Line or device is back: no more waiting. */
export const wake = (state: PointState): PointState => ({ ...state, notBefore: 0, failures: 0 });

/** The read-back of `revision` is here. */
export function verify(
  state: PointState,
  found: { readonly revision: Revision; readonly equal: boolean; readonly text: string },
  now: number,
  at: number,
): Change {
  const { wanted } = state;
  if (state.step !== 'verify' || wanted === undefined || !sameRevision(wanted.revision, found.revision))
    return { state };
  if (found.equal) {
    return report({ ...state, step: 'idle', failures: 0 }, wanted, 'Verified', at, { readBack: found.text });
  }
  const mismatches = state.mismatches + 1;
  if (mismatches < maxMismatches) {
    return { state: { ...state, mismatches, notBefore: now + firstRecheck * 4 ** (mismatches - 1) } };
  }
  const reason = `the device acknowledged ${wanted.value} and then held ${found.text}; it limits or ignores the value, change desired`;
  return report({ ...state, step: 'idle' }, wanted, 'Rejected', at, {
    code: 'ReadBackMismatch',
    reason,
    readBack: found.text,
  });
}

/** A poll found `text` where a verified value should stand, and the property is to be enforced: write it again. */
export function enforce(state: PointState, text: string, pollAcked: Revision | undefined): PointState {
  const { outcome, wanted } = state;
  if (state.step !== 'idle' || state.inFlight || !wanted || outcome?.phase !== 'Verified') return state;
  if (outcome.readBack === undefined || outcome.readBack === text) return state;
  if (pollAcked === undefined || !sameRevision(pollAcked, wanted.revision)) return state;
  return { ...state, step: 'due', mismatches: 0 };
}

type Problem = { readonly code?: string; readonly reason?: string; readonly readBack?: string };

function report(state: PointState, wanted: Wanted, phase: WritePhase, at: number, problem: Problem = {}): Change {
  const outcome: WriteOutcome = {
    revision: wanted.revision,
    value: wanted.value,
    origin: wanted.origin,
    phase,
    at,
    attempts: isCurrent(state, wanted) ? state.attempts : 1,
    ...problem,
    ...(problem.reason === undefined ? {} : { reason: problem.reason.slice(0, 1_024) }),
  };
  return { state: isCurrent(state, wanted) ? { ...state, outcome } : state, outcome };
}

const isCurrent = (state: PointState, wanted: Wanted): boolean =>
  state.wanted !== undefined && sameRevision(state.wanted.revision, wanted.revision);

/** What outlives a change of the wanted value. */
function kept(state: PointState): PointState {
  return {
    ...idlePoint,
    ...(state.inFlight ? { inFlight: state.inFlight } : {}),
    ...(state.acked ? { acked: state.acked } : {}),
  };
}

const pick = ({ value, revision, origin }: DesiredProperty) => ({ value, revision, origin });

const sameRevisionOutcome = (desired: DesiredProperty): WriteOutcome | undefined =>
  desired.outcome && sameRevision(desired.outcome.revision, desired.revision) ? desired.outcome : undefined;
