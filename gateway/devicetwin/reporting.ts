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
 * How long news that something more is coming may wait, ms: a desired value that was only taken up, a write on its way. Most
 * writes end sooner, and then one report tells it all.
 */
export const gatheringTime = 100;

/**
 * When a property is due to be told: a time, possibly past, or undefined when there is nothing new. Ends of writes and changes of
 * quality never wait. Pure.
 * @param noticedAt  when it was first seen that there is something new; default now
 */
export function dueAt(
  policy: ReportPolicy,
  told: Told | undefined,
  current: TwinProperty,
  now: number,
  noticedAt = now,
): number | undefined {
  const write = newsOfWrite(told?.property, current);
  if (write === 'ended') return now;
  const value = valueDueAt(policy, told, current, now);
  if (write === 'none') return value;
  return Math.min(value ?? Number.POSITIVE_INFINITY, noticedAt + gatheringTime);
}

function valueDueAt(
  policy: ReportPolicy,
  told: Told | undefined,
  { reported }: TwinProperty,
  now: number,
): number | undefined {
  if (!policy.reportToCloud || reported === undefined) return undefined;
  const before = told?.property.reported;
  if (told === undefined || before === undefined) return now;
  if (before.quality !== reported.quality || before.qualityReason !== reported.qualityReason) return now;
  if (before.value !== reported.value && !withinDeadband(policy, before, reported)) return told.at + policy.reportCycle;
  return before.at === reported.at ? undefined : told.at + Math.max(policy.reportCycle, heartbeat);
}

const passingPhases: readonly string[] = ['Accepted', 'Sent', 'Acknowledged'];

function newsOfWrite(told: TwinProperty | undefined, current: TwinProperty): 'none' | 'passing' | 'ended' {
  const write = current.lastWrite;
  const sameWrite = write === told?.lastWrite || JSON.stringify(write) === JSON.stringify(told?.lastWrite);
  if (!sameWrite) return write && passingPhases.includes(write.phase) ? 'passing' : 'ended';
  return current.desired?.value === told?.desired?.value ? 'none' : 'passing';
}

function withinDeadband(policy: ReportPolicy, a: Reported, b: Reported): boolean {
  if (policy.deadband <= 0) return false;
  const change = Math.abs(Number(a.value) - Number(b.value));
  return change < policy.deadband;
}
