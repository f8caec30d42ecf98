import { isDeepStrictEqual } from 'node:util';
import { checkDesired, type DesiredVerdict } from '@selvedge/contract/desired';
import type { DeviceModel } from '@selvedge/contract/device-model';
import type { WriteOutcome } from '@selvedge/contract/outcome';
import type { ResolvedDevice, ResolvedProperty, SpecDesired } from '@selvedge/contract/resolve';
import { isLater, type Revision } from '@selvedge/contract/revision';
import type { Desired } from '@selvedge/contract/twin';
import { outcomeOf, type PropertyState } from './twin-state.ts';

/** The version of a device that a property's desired value is settled against. */
export interface Version {
  readonly uid: string;
  readonly generation: number;
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly code: string; readonly reason: string };

/**
 * One property after the device's spec was looked at: a new revision when the spec's desired value or its notes changed, else
 * the one there was, a local write included. Then the judge's word on it.
 */
export function settleDesired(
  before: PropertyState | undefined,
  spec: SpecDesired | undefined,
  version: Version,
  judge: (value: string) => Verdict,
  retarget: Retarget,
  now: number,
): PropertyState {
  const history = before?.lastWrite ? { lastWrite: before.lastWrite } : {};
  const specPart = spec ? { spec } : {};
  if (!sameSpec(before?.spec, spec)) {
    if (!spec) return history;
    const revision = nextRevision(before, version);
    return judged({ ...specPart, ...history, desired: { ...spec, revision, origin: 'spec' } }, judge, now);
  }
  if (!before?.desired) return { ...specPart, ...history };
  const kept: PropertyState = { ...specPart, ...history, desired: before.desired };
  const verdict = judge(before.desired.value);
  if (verdict.ok && asksForRetry(before, retarget)) {
    const revision = nextRevision(before, version);
    return judged({ ...specPart, ...history, desired: { ...before.desired, revision } }, judge, now);
  }
  return judged(kept, judge, now);
}

/** The property after somebody on the gateway itself asked for `value`. Holds until the spec's desired value changes. */
export function settleLocalWrite(
  before: PropertyState | undefined,
  value: string,
  version: Version,
  judge: (value: string) => Verdict,
  now: number,
): PropertyState {
  const previous = newestRevision(before);
  const local = previous?.uid === version.uid && previous.generation === version.generation ? previous.local + 1 : 1;
  const revision = { uid: version.uid, generation: version.generation, local };
  const desired: Desired = {
    value,
    revision: isLater(revision, previous) ? revision : nextRevision(before, version),
    origin: 'local',
  };
  const { refused: _, ...rest } = before ?? {};
  return judged({ ...rest, desired }, judge, now);
}

/** How the place that a property is written to has changed since its last write. */
export interface Retarget {
  /** Anything about how the device or the property is reached or judged. */
  readonly changed: boolean;
  /** The property lies elsewhere now, or means something else: what was verified was verified in another place. */
  readonly moved: boolean;
}

export function retargetOf(before: ResolvedDevice | undefined, after: ResolvedDevice, name: string): Retarget {
  const old = before?.properties.find((property) => property.name === name);
  const current = after.properties.find((property) => property.name === name);
  if (!before || !old || !current) return { changed: old !== current, moved: false };
  const moved = old.type !== current.type || !isDeepStrictEqual(old.visitor, current.visitor);
  return {
    changed: moved || !isDeepStrictEqual(old, current) || !isDeepStrictEqual(before.config, after.config),
    moved,
  };
}

/** The judge for a device at this moment. `model` may know more properties than those in use. */
export function judgeOf(
  resolved: ResolvedDevice,
  model: DeviceModel | undefined,
  problems: readonly string[],
  name: string,
): (value: string) => Verdict {
  const inUse = resolved.properties.some((property: ResolvedProperty) => property.name === name);
  return (value) => {
    const verdict: DesiredVerdict = checkDesired(inUse ? resolved : (model?.spec ?? resolved), name, value);
    if (!verdict.ok || inUse) return verdict;
    const problem = problems.find((text) => text.startsWith(`property "${name}"`));
    return {
      ok: false,
      code: 'InvalidConfig',
      reason: problem ?? `property "${name}" is not in the device's spec; add it`,
    };
  };
}

/**
 * A refusal is lifted by anything that may have been its cause: then the value is written as if it were new. A value that was
 * verified is written again only where it lies elsewhere now.
 */
function asksForRetry(before: PropertyState, retarget: Retarget): boolean {
  const phase = outcomeOf(before)?.phase;
  if (before.refused) return true;
  return phase === 'Rejected' ? retarget.changed : phase === 'Verified' && retarget.moved;
}

function judged(state: PropertyState, judge: (value: string) => Verdict, now: number): PropertyState {
  const desired = state.desired;
  if (!desired) return state;
  const verdict = judge(desired.value);
  const outcome = outcomeOf(state);
  if (verdict.ok) return outcome ? state : { ...state, lastWrite: begun(desired, now) };
  // What is on the device already stays known; only it is not enforced any more.
  if (outcome?.phase === 'Verified') return { ...state, refused: true };
  if (outcome?.phase === 'Rejected' && outcome.code === verdict.code && outcome.reason === verdict.reason) {
    return { ...state, refused: true };
  }
  const { code, reason } = verdict;
  const refusal: WriteOutcome = { ...begun(desired, now), phase: 'Rejected', code, reason: reason.slice(0, 1_024) };
  return { ...state, lastWrite: refusal, refused: true };
}

const begun = ({ revision, value, origin }: Desired, now: number): WriteOutcome => ({
  revision,
  value,
  origin,
  phase: 'Accepted',
  at: now,
  attempts: 0,
});

/** A revision after every one that the property has had, at this generation if that is possible. */
function nextRevision(before: PropertyState | undefined, version: Version): Revision {
  const previous = newestRevision(before);
  const wanted: Revision = { uid: version.uid, generation: version.generation, local: 0 };
  if (previous === undefined || isLater(wanted, previous)) return wanted;
  return { ...previous, local: previous.local + 1 };
}

function newestRevision(state: PropertyState | undefined): Revision | undefined {
  const desired = state?.desired?.revision;
  const written = state?.lastWrite?.revision;
  return desired && isLater(desired, written) ? desired : (written ?? desired);
}

const sameSpec = (a: SpecDesired | undefined, b: SpecDesired | undefined): boolean =>
  a?.value === b?.value && isDeepStrictEqual(a?.metadata ?? {}, b?.metadata ?? {});
