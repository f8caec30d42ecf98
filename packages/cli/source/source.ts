import type { WriteOutcome } from '@selvedge/contract/outcome';
import type { Revision } from '@selvedge/contract/revision';

/** One property as the command shows it, from whichever side it was asked. */
export interface PropertyView {
  readonly name: string;
  readonly desired?: string;
  readonly reported?: string;
  readonly quality?: string;
  /** ms since the epoch */
  readonly reportedAt?: number;
  readonly lastWrite?: Pick<WriteOutcome, 'phase' | 'value' | 'attempts'> & {
    readonly code?: string;
    readonly reason?: string;
    readonly readBack?: string;
    readonly at: number;
    readonly generation: number;
    readonly local: number;
  };
}

/** A device as the command shows it. */
export interface DeviceView {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly protocol: string;
  readonly state: string;
  readonly ready: string;
  readonly readyReason: string;
  readonly message: string;
  readonly synced: string;
  readonly syncedReason: string;
  readonly generation: number;
  readonly createdAt?: number;
  readonly properties: readonly PropertyView[];
  /** The object as its side has it, for `-o json` and `-o yaml`. */
  readonly raw: unknown;
}

/** A version of a desired value: its uid is the Device's (contract/revision.ts). */
export type AskedRevision = Pick<Revision, 'generation' | 'local'>;

/** Where devices are asked for: the Kubernetes API, or a gateway's own API when there is no cloud. */
export interface DeviceSource {
  list(namespace: string | undefined): Promise<DeviceView[]>;
  /** @throws FieldError `NotFound` */
  get(namespace: string, name: string): Promise<DeviceView>;
  /**
   * Asks for a value, also where it is asked for already: then it is written again.
   * @returns the first revision whose outcome is the answer
   * @throws FieldError `NotFound`; rejected when the value cannot be written
   */
  set(namespace: string, name: string, property: string, value: string): Promise<AskedRevision>;
  /** Each device now, then each change, until `signal`. */
  watch(signal: AbortSignal, onDevice: (device: DeviceView) => void): Promise<void>;
  /** Lines for `describe`: what happened to the device. */
  events(device: DeviceView): Promise<string[]>;
}
