import type { Reported, TwinProperty } from '@selvedge/contract/twin';

/** How often one property is told to the cloud. */
export interface ReportPolicy {
  /** ms; a changed value waits until this much after the report before. */
  readonly reportCycle: number;
  /** A numeric change smaller than this is not reported on its own. */
  readonly deadband: number;
  /** False: the value stays here; what became of writes is told all the same. */
  readonly reportToCloud: boolean;
}

/** What was last told, and when, ms of a clock that never goes back. */
export interface Told {
  readonly at: number;
  readonly property: TwinProperty;
}

/** An unchanged value is told again after this long, ms, so that its time stays true. */
export const heartbeat = 60_000;

/**
 * When a property is due to be told: a time, possibly past, or undefined when there is nothing new. Outcomes of writes and
 * changes of quality never wait for the cycle. Pure.
 */
export function dueAt(
  policy: ReportPolicy,
  told: Told | undefined,
  current: TwinProperty,
  now: number,
): number | undefined {
  if (isUrgent(told?.property, current)) return now;
  if (!policy.reportToCloud || current.reported === undefined) return undefined;
  const before = told?.property.reported;
  if (told === undefined || before === undefined) return now;
  if (before.quality !== current.reported.quality || before.qualityReason !== current.reported.qualityReason)
    return now;
  if (before.value !== current.reported.value && !withinDeadband(policy, before, current.reported)) {
    return told.at + policy.reportCycle;
  }
  return before.at === current.reported.at ? undefined : told.at + Math.max(policy.reportCycle, heartbeat);
}

function isUrgent(told: TwinProperty | undefined, current: TwinProperty): boolean {
  const write = current.lastWrite;
  const toldWrite = told?.lastWrite;
  if (current.desired?.value !== told?.desired?.value) return true;
  if (write === toldWrite) return false;
  return JSON.stringify(write) !== JSON.stringify(toldWrite);
}

function withinDeadband(policy: ReportPolicy, a: Reported, b: Reported): boolean {
  if (policy.deadband <= 0) return false;
  const change = Math.abs(Number(a.value) - Number(b.value));
  return change < policy.deadband;
}
