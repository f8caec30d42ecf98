import type { DeviceSpec, DeviceStatus, TwinStatus } from '@selvedge/contract/device';
import type { MsgTwin, StateReport, TwinReport } from '@selvedge/contract/link-report';
import type { WriteOutcome } from '@selvedge/contract/outcome';

/**
 * A twin report folded into a status. Pure: neither is changed. Properties that the report does not name stay as they are; a
 * report without a value (nothing could be read) keeps the last one and changes its quality.
 */
export function foldTwin(status: DeviceStatus, report: TwinReport): DeviceStatus {
  const twins = new Map((status.twins ?? []).map((twin) => [twin.propertyName, twin]));
  for (const [name, twin] of Object.entries(report.twin)) {
    twins.set(name, foldProperty(twins.get(name) ?? { propertyName: name }, twin));
  }
  return { ...status, ...observed(status, report), twins: [...twins.values()] };
}

/** A state report folded into a status. Pure. */
export function foldState(status: DeviceStatus, report: StateReport): DeviceStatus {
  const { state, lastOnlineTime } = report.device;
  return {
    ...status,
    ...observed(status, report),
    state: knownState(state),
    ...(lastOnlineTime === undefined ? {} : { lastOnlineTime }),
  };
}

/** The twins that a Device still has, in the order of its properties: what was removed from the spec leaves the status. */
export function keepTwins(spec: DeviceSpec, status: DeviceStatus): DeviceStatus {
  if (status.twins === undefined) return status;
  const twins = new Map(status.twins.map((twin) => [twin.propertyName, twin]));
  const kept = [...new Set((spec.properties ?? []).map((property) => property.name))]
    .map((name) => twins.get(name))
    .filter((twin) => twin !== undefined);
  return { ...status, twins: kept };
}

function foldProperty(before: TwinStatus, twin: MsgTwin): TwinStatus {
  const type = twin.metadata?.type;
  const { expected, actual, last_write: lastWrite } = twin;
  const after: TwinStatus = { ...before };
  if (expected?.value !== undefined) {
    after.observedDesired = { value: expected.value, metadata: metadataOf(expected.metadata?.timestamp, type) };
  } else if (twin.expected !== undefined) delete after.observedDesired;
  const reported = actual && foldReported(before.reported, actual, type);
  if (reported) after.reported = reported;
  if (lastWrite) after.lastWrite = writeStatus(lastWrite);
  return after;
}

function foldReported(
  before: TwinStatus['reported'],
  { value: text, metadata = {} }: NonNullable<MsgTwin['actual']>,
  type: string | undefined,
): TwinStatus['reported'] | undefined {
  // What was never read travels as an empty text, because KubeEdge wants one.
  const read = text === '' && metadata.quality === 'bad' ? undefined : text;
  const value = read ?? before?.value;
  if (value === undefined && metadata.quality === undefined) return before;
  return {
    ...(value === undefined ? {} : { value }),
    metadata: read === undefined && before?.metadata ? before.metadata : metadataOf(metadata.timestamp, type),
    ...(metadata.quality === undefined ? {} : { quality: metadata.quality }),
    ...(metadata.quality_reason === undefined ? {} : { qualityReason: metadata.quality_reason }),
  };
}

function metadataOf(timestamp: number | undefined, type: string | undefined): Record<string, string> {
  return {
    ...(timestamp === undefined ? {} : { timestamp: String(Math.round(timestamp)) }),
    ...(type === undefined ? {} : { type }),
  };
}

function writeStatus(outcome: WriteOutcome): NonNullable<TwinStatus['lastWrite']> {
  const { revision, value, origin, phase, code, reason, at, attempts, readBack } = outcome;
  return {
    uid: revision.uid,
    generation: revision.generation,
    value,
    origin,
    phase,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    at: rfc3339(at),
    attempts,
    ...(readBack === undefined ? {} : { readBack }),
  };
}

/** Only ever forward: a report that was overtaken must not take back what a later one has told. */
function observed(status: DeviceStatus, report: { observed_generation?: number }): Partial<DeviceStatus> {
  const generation = report.observed_generation;
  if (generation === undefined || generation <= (status.observedGeneration ?? 0)) return {};
  return { observedGeneration: generation };
}

/** KubeEdge's mappers say ok and unhealthy for what the others call online and offline. */
function knownState(text: string): 'online' | 'offline' | 'unknown' {
  const word = text.toLowerCase();
  if (word === 'online' || word === 'ok') return 'online';
  return word === 'offline' || word === 'unhealthy' ? 'offline' : 'unknown';
}

/** A time outside of what a date can hold (a gateway's clock gone mad) becomes the epoch, not an exception. */
function rfc3339(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
