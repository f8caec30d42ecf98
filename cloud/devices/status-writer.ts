import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@selvedge/base/clock';
import { type Duration, seconds } from '@selvedge/base/duration';
import { describeError, FieldError } from '@selvedge/base/errors';
import { KeyQueue } from '@selvedge/base/key-queue';
import type { Logger } from '@selvedge/base/log';
import type { Device, DeviceStatus } from '@selvedge/contract/device';
import type { DeviceRef } from '@selvedge/contract/names';

export interface StatusStore {
  patchDeviceStatus<Item>(device: DeviceRef & { uid: string }, status: object): Promise<Item>;
}

/** A change to a status: pure, and harmless when it is applied twice. */
export type Fold = (status: DeviceStatus) => DeviceStatus;

export interface StatusWriterOptions {
  readonly store: StatusStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The Device as it stands in the API, as far as is known here. */
  readonly device: (key: string) => Device | undefined;
  /** Completes a folded status with what follows from it: the conditions. */
  readonly complete: (key: string, device: Device, status: DeviceStatus) => DeviceStatus;
  /** After a change was stored. */
  readonly onWritten: (key: string, device: Device, before: DeviceStatus, after: DeviceStatus) => void;
}

interface Pending {
  readonly folds: Fold[];
  readonly confirms: (() => void)[];
}

/** Status patches under way at the same time. */
const concurrency = 8;
/** Reports of one device that wait to be confirmed; older ones are sent again by their gateway anyway. */
const maxConfirms = 64;

/**
 * The one writer of Device statuses. Per device one patch is under way; what comes meanwhile is folded into the next. A
 * status that would not change is not written, so own writes coming back from the watch end here.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #queue: KeyQueue;
  readonly #pending = new Map<string, Pending>();
  /** Objects as our own patches left them, until the watch has caught up. */
  readonly #written = new Map<string, Device>();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#queue = new KeyQueue({
      clock: options.clock,
      concurrency,
      retryMax: seconds(10),
      work: (key) => this.#flush(key),
      onError: (key, error, retryInMs) =>
        options.log.warn('status not written', { device: key, error: describeError(error), retryInMs }),
    });
  }

  /** The newest status known, with nothing pending folded in. */
  status(key: string): DeviceStatus {
    return this.#newest(key)?.status ?? {};
  }

  /** Folds a change in and writes at once. `confirm` is called when it is stored, or when there is nothing to store it in. */
  change(key: string, fold: Fold, confirm?: () => void): void {
    const pending = this.#pending.get(key) ?? { folds: [], confirms: [] };
    pending.folds.push(fold);
    if (confirm) pending.confirms.push(confirm);
    if (pending.confirms.length > maxConfirms) pending.confirms.shift();
    // Folds are closures over whole reports: many that wait become one.
    if (pending.folds.length > maxConfirms) {
      const all = pending.folds.splice(0);
      pending.folds.push((status) => all.reduce((folded, next) => next(folded), status));
    }
    this.#pending.set(key, pending);
    this.#queue.add(key);
  }

  /** Asks for the conditions to be judged again, and written when they changed. */
  touch(key: string, after: Duration): void {
    this.#queue.addAfter(key, after);
  }

  /** Tells of a change seen in the watch: once it is at least as new as our own write, it is the truth. */
  seen(key: string, device: Device | undefined): void {
    const written = this.#written.get(key);
    if (written && (!device || versionOf(device) >= versionOf(written))) this.#written.delete(key);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #flush(key: string): Promise<undefined> {
    const taken = this.#pending.get(key);
    this.#pending.delete(key);
    const device = this.#newest(key);
    if (!device) {
      confirmAll(taken);
      return undefined;
    }
    const before = device.status ?? {};
    const folded = (taken?.folds ?? []).reduce((status, fold) => fold(status), before);
    const after = this.#options.complete(key, device, folded);
    const patch = difference(before, after);
    if (patch) {
      try {
        await this.#store(key, device, patch, before, after);
      } catch (error) {
        if (!isFinal(error)) {
          this.#putBack(key, taken);
          throw error;
        }
        if (error.code === 'Invalid') {
          this.#options.log.error('status refused', { device: key, error: describeError(error) });
        }
      }
    }
    confirmAll(taken);
    return undefined;
  }

  async #store(key: string, device: Device, patch: object, before: DeviceStatus, after: DeviceStatus): Promise<void> {
    const { namespace = 'default', name, uid = '' } = device.metadata;
    const stored = await this.#options.store.patchDeviceStatus<Device>({ namespace, name, uid }, patch);
    const cached = this.#options.device(key);
    // The watch may have been faster than the answer.
    if (cached && versionOf(cached) < versionOf(stored)) this.#written.set(key, withoutManagedFields(stored));
    this.#options.onWritten(key, stored, before, after);
  }

  #newest(key: string): Device | undefined {
    const cached = this.#options.device(key);
    const written = this.#written.get(key);
    return cached && written && written.metadata.uid === cached.metadata.uid
      ? { ...cached, status: written.status ?? {} }
      : cached;
  }

  #putBack(key: string, taken: Pending | undefined): void {
    if (!taken) return;
    const newer = this.#pending.get(key);
    this.#pending.set(key, {
      folds: [...taken.folds, ...(newer?.folds ?? [])],
      confirms: [...taken.confirms, ...(newer?.confirms ?? [])].slice(-maxConfirms),
    });
  }
}

/** Each changed part of a status, null for one that is gone; undefined when nothing changed. */
function difference(before: DeviceStatus, after: DeviceStatus): object | undefined {
  const patch: Record<string, unknown> = {};
  const was = before as Record<string, unknown>;
  const is = after as Record<string, unknown>;
  for (const field of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (!isDeepStrictEqual(was[field], is[field])) patch[field] = is[field] ?? null;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** Resource versions of one kind count upwards (Kubernetes 1.35 promises it; the embedded server does it too). */
const versionOf = (device: Device): number => Number(device.metadata.resourceVersion ?? 0);

function withoutManagedFields(device: Device): Device {
  const { managedFields: _, ...metadata } = device.metadata;
  return { ...device, metadata };
}

/** The object was deleted or replaced by another of its name, or refuses what was reported: trying again is in vain. */
const isFinal = (error: unknown): error is FieldError =>
  error instanceof FieldError && ['NotFound', 'Conflict', 'Invalid'].includes(error.code);

function confirmAll(pending: Pending | undefined): void {
  for (const confirm of pending?.confirms ?? []) confirm();
}
