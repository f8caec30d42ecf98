import { setTimeout as sleep } from 'node:timers/promises';
import { configError, rejected } from '@selvedge/base/errors';
import { nearest } from '@selvedge/base/nearest';
import { checkDesired } from '@selvedge/contract/desired';
import { type Device, findCondition, type TwinStatus } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { isCode, type KubeClient } from '../kube/client.ts';
import { kubePaths } from '../kube/paths.ts';
import type { AskedRevision, DeviceSource, DeviceView, PropertyView } from './source.ts';

interface EventObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string;
}

/** Between two watches, so that a server that ends them at once is not asked in a circle. */
const pauseMs = 500;

/** Devices from the Kubernetes API. */
export class KubeSource implements DeviceSource {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async list(namespace: string | undefined): Promise<DeviceView[]> {
    const { items } = (await this.#client.get(kubePaths.devices(namespace))) as { items: Device[] };
    return items.map(kubeView);
  }

  async get(namespace: string, name: string): Promise<DeviceView> {
    try {
      return kubeView((await this.#client.get(kubePaths.device(namespace, name))) as Device);
    } catch (error) {
      if (!isCode(error, 'NotFound')) throw error;
      const names = (await this.list(namespace)).map((device) => device.name);
      const near = nearest(name, names);
      const hint = near ? `did you mean "${near}"?` : `there are ${names.join(', ') || 'none'}`;
      throw configError('NotFound', `Cannot find device "${name}" in namespace "${namespace}": ${hint}`);
    }
  }

  async set(namespace: string, name: string, property: string, value: string): Promise<AskedRevision> {
    const device = (await this.get(namespace, name)).raw as Device;
    const properties = device.spec.properties ?? [];
    const index = properties.findIndex((candidate) => candidate.name === property);
    const before = properties[index]?.desired;
    if (index < 0) {
      const names = properties.map((candidate) => candidate.name);
      const near = nearest(property, names);
      const hint = near ? `did you mean "${near}"?` : `it has ${names.join(', ') || 'none'}`;
      throw configError('NotFound', `Cannot set "${name}/${property}": the device has no such property; ${hint}`);
    }
    await this.#check(device, property, value);
    // Asked for already: another note asks the gateway to write it again, should somebody have turned the knob since.
    const again =
      before?.value === value ? { metadata: { ...before.metadata, askedAgain: new Date().toISOString() } } : {};
    const patched = (await this.#client.jsonPatch(kubePaths.device(namespace, name), [
      // A name that has moved meanwhile must not take the value of another.
      { op: 'test', path: `/spec/properties/${index}/name`, value: property },
      { op: 'add', path: `/spec/properties/${index}/desired`, value: { value, ...again } },
    ])) as Device;
    return { generation: patched.metadata.generation ?? 0, local: 0 };
  }

  async watch(signal: AbortSignal, onDevice: (device: DeviceView) => void): Promise<void> {
    const shown = new Map<string, string | undefined>();
    const show = (device: Device) => {
      const { uid = '', resourceVersion } = device.metadata;
      if (shown.get(uid) !== resourceVersion) onDevice(kubeView(device));
      shown.set(uid, resourceVersion);
    };
    // A server ends every watch after some time: then what is there is read anew.
    while (!signal.aborted) {
      const list = (await this.#client.get(kubePaths.devices(undefined))) as {
        items: Device[];
        metadata: { resourceVersion: string };
      };
      for (const device of list.items) show(device);
      const path = `${kubePaths.devices(undefined)}?watch=true&resourceVersion=${list.metadata.resourceVersion}`;
      await this.#client.watch(path, signal, ({ type, object }) => {
        if (type === 'ADDED' || type === 'MODIFIED') show(object as Device);
        if (type === 'DELETED') shown.delete((object as Device).metadata.uid ?? '');
      });
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  /** What the cloud would say afterwards, said before: not every API server refuses such a value. @throws rejected */
  async #check({ metadata, spec }: Device, property: string, value: string): Promise<void> {
    const name = spec.deviceModelRef?.name;
    if (!name) return;
    let model: DeviceModel;
    try {
      model = (await this.#client.get(kubePaths.model(metadata.namespace ?? 'default', name))) as DeviceModel;
    } catch (error) {
      if (isCode(error, 'NotFound')) return; // The Device waits for its model, and the value with it.
      throw error;
    }
    const verdict = checkDesired(model.spec, property, value);
    if (verdict.ok) return;
    // Its reason is for a manifest that has a desired value; here nobody has set one.
    const reason = verdict.code === 'ReadOnly' ? readOnly(model, spec, property) : verdict.reason;
    throw rejected(verdict.code, `Cannot set "${metadata.name}/${property}": ${reason}`);
  }

  async events(device: DeviceView): Promise<string[]> {
    const uid = (device.raw as Device).metadata.uid ?? '';
    const { items } = (await this.#client.get(kubePaths.events(device.namespace, uid))) as { items: EventObject[] };
    return items
      .sort((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''))
      .map(({ type, reason, message, count, lastTimestamp }) => {
        const times = count !== undefined && count > 1 ? ` (x${count})` : '';
        return `${lastTimestamp ?? ''}  ${type ?? ''}  ${reason ?? ''}${times}  ${message ?? ''}`;
      });
  }
}

function readOnly(model: DeviceModel, { properties = [] }: Device['spec'], property: string): string {
  const writable = properties.filter(({ name }) =>
    model.spec.properties?.some((other) => other.name === name && other.accessMode !== 'ReadOnly'),
  );
  const choice = writable.map(({ name }) => name).join(', ');
  return `property "${property}" is ReadOnly in the model; ${choice ? `what can be set: ${choice}` : 'the device has none that can be set'}`;
}

/** A Device as the command shows it. Pure. */
export function kubeView(device: Device): DeviceView {
  const ready = findCondition(device, 'Ready');
  const synced = findCondition(device, 'Synced');
  const twins = new Map(device.status?.twins?.map((twin) => [twin.propertyName, twin]));
  return {
    namespace: device.metadata.namespace ?? 'default',
    name: device.metadata.name,
    node: device.spec.nodeName ?? '',
    protocol: device.spec.protocol?.protocolName ?? '',
    state: device.status?.state ?? '',
    ready: ready?.status ?? '',
    readyReason: ready?.reason ?? '',
    message: [ready, synced]
      .flatMap((condition) => (condition && condition.status !== 'True' ? [condition.message] : []))
      .join('; '),
    synced: synced?.status ?? '',
    syncedReason: synced?.reason ?? '',
    generation: device.metadata.generation ?? 0,
    ...(device.metadata.creationTimestamp ? { createdAt: Date.parse(device.metadata.creationTimestamp) } : {}),
    properties: (device.spec.properties ?? []).map(({ name, desired }) =>
      propertyView(name, desired?.value, twins.get(name)),
    ),
    raw: device,
  };
}

function propertyView(name: string, desired: string | undefined, twin: TwinStatus | undefined): PropertyView {
  const { reported, lastWrite } = twin ?? {};
  return {
    name,
    ...(desired === undefined ? {} : { desired }),
    ...(reported ? { quality: reported.quality ?? 'good' } : {}),
    ...(reported?.value === undefined ? {} : { reported: reported.value }),
    ...(reported?.metadata?.timestamp ? { reportedAt: Number(reported.metadata.timestamp) } : {}),
    ...(lastWrite ? { lastWrite: { ...lastWrite, at: Date.parse(lastWrite.at), local: 0 } } : {}),
  };
}
