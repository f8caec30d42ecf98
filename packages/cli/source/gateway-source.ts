import { join } from 'node:path';
import { configError, rejected } from '@selvedge/base/errors';
import {
  decodeGatewayStatus,
  decodeLocalDevice,
  type GatewayStatus,
  gatewayApi,
  type LocalDevice,
} from '@selvedge/contract/gateway-api';
import { fetchJson, type JsonRequest, type JsonResponse, streamJson } from '../http-json.ts';
import type { AskedRevision, DeviceSource, DeviceView } from './source.ts';

/** Devices from a gateway's own API: the same without a cloud. */
export class GatewaySource implements DeviceSource {
  readonly #socket: string;

  /** @param directory  the gateway's, which holds `gateway.sock` */
  constructor(directory: string) {
    this.#socket = join(directory, 'gateway.sock');
  }

  async status(timeoutMs?: number): Promise<GatewayStatus> {
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    return decodeGatewayStatus(bodyOf(await fetchJson({ ...this.#call(gatewayApi.status), ...limit })));
  }

  async list(namespace: string | undefined): Promise<DeviceView[]> {
    const { items } = bodyOf(await fetchJson(this.#call(gatewayApi.devices))) as { items: unknown[] };
    return items
      .map((item) => localView(decodeLocalDevice(item)))
      .filter((device) => !namespace || device.namespace === namespace);
  }

  async get(namespace: string, name: string): Promise<DeviceView> {
    return localView(decodeLocalDevice(bodyOf(await fetchJson(this.#call(gatewayApi.device(namespace, name))))));
  }

  async set(namespace: string, name: string, property: string, value: string): Promise<AskedRevision> {
    const call = { ...this.#call(gatewayApi.property(namespace, name, property)), method: 'PUT', body: { value } };
    const device = decodeLocalDevice(bodyOf(await fetchJson(call)));
    const revision = device.properties.find((candidate) => candidate.name === property)?.desired?.revision;
    return revision ?? { generation: device.generation, local: 0 };
  }

  async watch(signal: AbortSignal, onDevice: (device: DeviceView) => void): Promise<void> {
    const refused = await streamJson(this.#call(gatewayApi.watch), signal, (value) =>
      onDevice(localView(decodeLocalDevice(value))),
    );
    if (refused) bodyOf(refused);
  }

  async events(): Promise<string[]> {
    return [];
  }

  #call(path: string): JsonRequest {
    return { target: { socketPath: this.#socket }, secure: false, peer: `the gateway at ${this.#socket}`, path };
  }
}

function bodyOf(response: JsonResponse): unknown {
  if (response.status < 300) return response.body;
  const { code, message } = (response.body ?? {}) as { code?: string; message?: string };
  const text = message ?? `the gateway answered ${response.status}`;
  // A name that is not there is the person's to correct, as on the Kubernetes API.
  if (response.status === 422 && code !== 'UnknownProperty') throw rejected(code ?? 'Rejected', text);
  throw configError(code ?? 'Refused', text);
}

/** A gateway's device as the command shows it. Pure. */
export function localView(device: LocalDevice): DeviceView {
  const { health } = device;
  const open = device.properties.find(({ desired, lastWrite }) => desired && lastWrite?.phase !== 'Verified');
  const wanted = device.properties.some(({ desired }) => desired);
  return {
    namespace: device.namespace,
    name: device.name,
    node: '',
    protocol: device.protocol,
    state: device.state,
    ready: health.reason === 'Ready' ? 'True' : 'False',
    readyReason: health.reason,
    message: health.reason === 'Ready' ? '' : health.message,
    synced: open ? 'False' : 'True',
    syncedReason: open ? (open.lastWrite?.phase ?? 'Pending') : wanted ? 'Verified' : 'NothingDesired',
    generation: device.generation,
    properties: device.properties.map(({ name, desired, reported, lastWrite }) => ({
      name,
      ...(desired ? { desired: desired.value } : {}),
      ...(reported ? { quality: reported.quality, reportedAt: reported.at } : {}),
      ...(reported?.value === undefined ? {} : { reported: reported.value }),
      ...(lastWrite
        ? { lastWrite: { ...lastWrite, generation: lastWrite.revision.generation, local: lastWrite.revision.local } }
        : {}),
    })),
    raw: device,
  };
}
