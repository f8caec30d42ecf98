import type { DeviceHealth } from '@selvedge/contract/conditions';
import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import type { DesiredMessage, HealthMessage } from '@selvedge/contract/mapper';
import type { WriteOutcome } from '@selvedge/contract/outcome';
import type { ResolvedDevice, SpecDesired } from '@selvedge/contract/resolve';
import type { Revision } from '@selvedge/contract/revision';
import type { Sample } from '@selvedge/contract/sample';
import type { Desired, Reported } from '@selvedge/contract/twin';

/** What the gateway remembers of one property for as long as the device is here. */
export interface PropertyState {
  /** The spec's desired value as last seen: a difference to it asks for a new revision. */
  readonly spec?: SpecDesired;
  readonly desired?: Desired;
  readonly lastWrite?: WriteOutcome;
  /** The judge refuses `desired`, so that it is not sent to the mapper. */
  readonly refused?: true;
}

/** The half of a twin that is on disk before anything is done about it. */
export interface DurableTwin {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The newest generation taken up. */
  readonly generation: number;
  /** Absent while the device cannot be served; `refusal` says why. */
  readonly resolved?: ResolvedDevice;
  readonly refusal?: { readonly reason: 'NoModel' | 'InvalidConfig'; readonly message: string };
  readonly properties: Readonly<Record<string, PropertyState>>;
}

/** How the mapper of a device's protocol is doing. `session` differs after each start of the mapper. */
export type MapperPresence =
  | { readonly state: 'absent' }
  | { readonly state: 'starting' }
  | { readonly state: 'up'; readonly session: string }
  | { readonly state: 'down'; readonly reason: string };

/** The half of a twin that the device itself can tell again; written to disk now and then. */
export interface LiveTwin {
  readonly reported: Readonly<Record<string, Reported>>;
  /** Per property, the newest revision known to be on the device: samples from before it are stale. */
  readonly acked: Readonly<Record<string, Revision>>;
  readonly health: DeviceHealth;
  readonly mapper: MapperPresence;
  /** The mapper's last word on this device. */
  readonly word?: HealthMessage;
  /** The state that a mapper of KubeEdge's own gave, when we have none for the protocol. */
  readonly foreignState?: string;
  /** ms since the epoch */
  readonly lastOnlineAt?: number;
}

export interface Twin {
  readonly durable: DurableTwin;
  readonly live: LiveTwin;
}

export type TwinEvent =
  /** The device as it should be, from the cloud or from disk. */
  | { readonly type: 'device'; readonly device: Device; readonly model: DeviceModel | undefined }
  /** Somebody on the gateway itself asks for a value. */
  | { readonly type: 'write'; readonly property: string; readonly value: string }
  | { readonly type: 'samples'; readonly uid: string; readonly points: readonly Sample[] }
  | { readonly type: 'outcome'; readonly uid: string; readonly property: string; readonly outcome: WriteOutcome }
  | { readonly type: 'health'; readonly message: HealthMessage }
  | { readonly type: 'mapper'; readonly presence: MapperPresence }
  /** What a mapper of KubeEdge's own found; it knows no revisions. */
  | { readonly type: 'foreignValues'; readonly values: Readonly<Record<string, { value: string; at: number }>> }
  | { readonly type: 'foreignState'; readonly state: string };

/** What is to be done once the twin is saved. Each names the whole wanted state, so doing it twice does no harm. */
export type TwinEffect =
  | { readonly type: 'publishConfig'; readonly device: ResolvedDevice }
  | { readonly type: 'clearConfig'; readonly protocol: string }
  | { readonly type: 'publishDesired'; readonly message: DesiredMessage };

export interface Step {
  readonly twin: Twin;
  readonly effects: readonly TwinEffect[];
}

/** A device of which nothing is known yet. */
export function emptyTwin(
  device: { namespace: string; name: string; uid: string },
  mapper: MapperPresence,
  now: number,
): Twin {
  const { namespace, name, uid } = device;
  return {
    durable: { namespace, name, uid, generation: 0, properties: {} },
    live: { reported: {}, acked: {}, mapper, health: { reason: 'Pending', message: 'not taken up yet', since: now } },
  };
}

/** The state of a property whose name came from outside: `constructor` is in every record, and in no device. */
export const stateOf = (twin: DurableTwin, name: string): PropertyState | undefined =>
  Object.hasOwn(twin.properties, name) ? twin.properties[name] : undefined;

/** All desired values that the mapper may act on, each with what became of it. */
export function desiredMessage(twin: DurableTwin): DesiredMessage {
  const properties: DesiredMessage['properties'] = {};
  for (const { name } of twin.resolved?.properties ?? []) {
    const state = twin.properties[name];
    if (!state?.desired || state.refused) continue;
    const { value, revision, origin } = state.desired;
    const outcome = outcomeOf(state);
    properties[name] = { value, revision, origin, ...(outcome ? { outcome } : {}) };
  }
  return { uid: twin.uid, properties };
}

/** What became of the present desired value, if anything has. */
export function outcomeOf(state: PropertyState): WriteOutcome | undefined {
  const { desired, lastWrite } = state;
  if (!desired || !lastWrite) return undefined;
  const { uid, generation, local } = desired.revision;
  const { revision } = lastWrite;
  return revision.uid === uid && revision.generation === generation && revision.local === local ? lastWrite : undefined;
}
