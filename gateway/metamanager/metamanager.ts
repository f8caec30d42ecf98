import { describeError, FieldError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { type Device, decodeDevice } from '@selvedge/contract/device';
import { type DeviceModel, decodeDeviceModel } from '@selvedge/contract/device-model';
import type { Held } from '@selvedge/contract/link-report';
import { type DeviceRef, deviceKey } from '@selvedge/contract/names';

export type HeldKind = 'device' | 'devicemodel';

export interface HeldObject {
  readonly kind: HeldKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly content: unknown;
}

/** Keeps objects; durable when a call returns. */
export interface ObjectStore {
  /** What `work` writes is on disk, all of it, when the call returns. */
  together<Result>(work: () => Result): Result;
  put(object: HeldObject): void;
  remove(kind: HeldKind, namespace: string, name: string): void;
  get(kind: HeldKind, namespace: string, name: string): HeldObject | undefined;
  list(): HeldObject[];
}

/** Who acts on devices. */
export interface DeviceSink {
  /** The device as it should be now, with its model if that is here. Called again whenever either changes. */
  applied(device: Device, model: DeviceModel | undefined): void;
  /** Resolves when nobody works on the device any more. */
  removed(device: DeviceRef, uid: string): Promise<void>;
}

/** One object from the cloud. */
export interface ObjectChange {
  readonly operation: 'insert' | 'update' | 'delete';
  readonly kind: HeldKind;
  readonly namespace: string;
  readonly name: string;
  readonly content: unknown;
}

/** What became of a change: it is on disk, and `settle` is left to do; or it cannot be kept. */
export type Kept = { readonly settle: () => Promise<void> } | { readonly error: unknown };

/** A change inside a transaction: what is to be done in memory once that is committed, and after the acknowledgement. */
interface Written {
  readonly remember: () => void;
  readonly settle: () => Promise<void>;
}

const nothingToDo: Written = { remember: () => {}, settle: async () => {} };

/**
 * Keeper of what the cloud has handed to this node. A change is on disk when `store` returns, so that it may be acknowledged;
 * `settle` then lets the devices know. Level-based: devices are told what should be, never what changed.
 */
export class MetaManager {
  readonly #store: ObjectStore;
  readonly #sink: DeviceSink;
  readonly #log: Logger;
  readonly #models = new Map<string, DeviceModel>();
  readonly #devices = new Map<string, Device>();

  constructor(options: { store: ObjectStore; sink: DeviceSink; log: Logger }) {
    this.#store = options.store;
    this.#sink = options.sink;
    this.#log = options.log;
  }

  /** Takes up what is on disk and hands every device on. One that cannot be read is left out and logged. */
  start(): void {
    for (const object of this.#store.list()) {
      try {
        this.#remember(object.kind, object.content);
      } catch (error) {
        const name = `${object.namespace}/${object.name}`;
        this.#log.error('stored object is unreadable', {
          kind: object.kind,
          object: name,
          error: describeError(error),
        });
      }
    }
    for (const device of this.#devices.values()) this.#hand(device);
  }

  /** What this node holds, for the cloud to send only the difference. */
  held(): Held['objects'] {
    const entry = (kind: HeldKind) => (object: Device | DeviceModel) => ({
      kind,
      namespace: object.metadata.namespace ?? 'default',
      name: object.metadata.name,
      uid: object.metadata.uid ?? '',
      generation: object.metadata.generation ?? 0,
    });
    return [
      ...[...this.#models.values()].map(entry('devicemodel')),
      ...[...this.#devices.values()].map(entry('device')),
    ];
  }

  devices(): Device[] {
    return [...this.#devices.values()];
  }

  /**
   * Brings changes to disk in one transaction, and returns for each what is left to do once it is acknowledged: telling the
   * devices it concerns. For a deletion do that first, as an acknowledged deletion means that nobody works on the device here any
   * more. One that is malformed changes nothing and does not hold up the others.
   * @throws when the disk fails; nothing is changed then
   */
  store(changes: readonly ObjectChange[]): Kept[] {
    const written = this.#store.together(() => changes.map((change) => this.#write(change)));
    // What is only in memory would be told to the cloud as held, and then never come again.
    for (const result of written) if ('remember' in result) result.remember();
    return written;
  }

  #write(change: ObjectChange): Written | { readonly error: unknown } {
    try {
      return change.operation === 'delete' ? this.#delete(change) : this.#put(change);
    } catch (error) {
      // Only what is wrong with the object itself; a failure of the disk must undo the whole transaction.
      if (error instanceof FieldError) return { error };
      throw error;
    }
  }

  #put({ kind, namespace, name, content }: ObjectChange): Written {
    const object = kind === 'device' ? decodeDevice(content) : decodeDeviceModel(content);
    const { uid = '', generation = 0 } = object.metadata;
    // The resource string is the identity; an object that names another one in its metadata must not land under that.
    const kept = { ...object, metadata: { ...object.metadata, namespace, name } };
    const earlier = this.#store.get(kind, namespace, name);
    if (earlier?.uid === uid && earlier.generation > generation) return nothingToDo;
    this.#store.put({ kind, namespace, name, uid, generation, content: kept });
    return {
      remember: () => this.#remember(kind, kept),
      settle: async () => {
        if (kind === 'device') this.#hand(kept as Device);
        else this.#handDevicesOf(namespace, name);
      },
    };
  }

  #delete({ kind, namespace, name, content }: ObjectChange): Written {
    const earlier = this.#store.get(kind, namespace, name);
    const uid = uidOf(content);
    // A late deletion of a predecessor must not take its successor of the same name along.
    if (!earlier || (uid !== undefined && uid !== earlier.uid)) return nothingToDo;
    this.#store.remove(kind, namespace, name);
    const key = deviceKey({ namespace, name });
    if (kind === 'device') {
      return {
        remember: () => this.#devices.delete(key),
        settle: () => this.#sink.removed({ namespace, name }, earlier.uid),
      };
    }
    return {
      remember: () => this.#models.delete(key),
      settle: async () => this.#handDevicesOf(namespace, name),
    };
  }

  #remember(kind: HeldKind, content: unknown): void {
    if (kind === 'device') {
      const device = decodeDevice(content);
      this.#devices.set(keyOf(device), device);
    } else {
      const model = decodeDeviceModel(content);
      this.#models.set(keyOf(model), model);
    }
  }

  #hand(device: Device): void {
    const namespace = device.metadata.namespace ?? 'default';
    const model = this.#models.get(deviceKey({ namespace, name: device.spec.deviceModelRef?.name ?? '' }));
    this.#sink.applied(device, model);
  }

  #handDevicesOf(namespace: string, model: string): void {
    for (const device of this.#devices.values()) {
      if ((device.metadata.namespace ?? 'default') === namespace && device.spec.deviceModelRef?.name === model) {
        this.#hand(device);
      }
    }
  }
}

const keyOf = (object: Device | DeviceModel): string =>
  deviceKey({ namespace: object.metadata.namespace ?? 'default', name: object.metadata.name });

function uidOf(content: unknown): string | undefined {
  const metadata = (content as { metadata?: { uid?: unknown } } | null | undefined)?.metadata;
  return typeof metadata?.uid === 'string' && metadata.uid !== '' ? metadata.uid : undefined;
}
