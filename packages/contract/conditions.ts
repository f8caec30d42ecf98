/** Condition types of a Device. */
export const READY = 'Ready';
export const SYNCED = 'Synced';

/** Why `Ready` is what it is; `Ready` itself is the reason of True. */
export const readyReasons = [
  'Ready',
  'NoNode',
  'NoModel',
  'NoMapper',
  'MapperDown',
  'InvalidConfig',
  'LineDown',
  'LineConflict',
  'DeviceUnreachable',
  'Moving',
  'Pending',
  'GatewayUnreachable',
] as const;
export type ReadyReason = (typeof readyReasons)[number];

/** Why `Synced` is what it is; `Verified` and `NothingDesired` are the reasons of True. */
export const syncedReasons = ['Verified', 'NothingDesired', 'Pending', 'Rejected', 'Invalid', 'Drifted'] as const;
export type SyncedReason = (typeof syncedReasons)[number];

/** How well a device is served, as mapper and gateway see it: the gateway's share of the Ready condition. */
export interface DeviceHealth {
  readonly reason: Exclude<ReadyReason, 'GatewayUnreachable' | 'NoNode' | 'Moving'>;
  readonly message: string;
  /** When it became so, ms since the epoch. */
  readonly since: number;
}
