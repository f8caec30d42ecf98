import { deviceGroup, deviceVersion } from '@selvedge/contract/device';
import type { DeviceRef } from '@selvedge/contract/names';
import { type KubeApi, patchTypes } from './api.ts';
import type { KubeObject } from './informer.ts';
import { hasReason, type Status, statusOf } from './status-error.ts';

const devicesBase = `/apis/${deviceGroup}/${deviceVersion}`;

/** Collections over all namespaces, for informers. */
export const collections = {
  devices: `${devicesBase}/devices`,
  models: `${devicesBase}/devicemodels`,
  nodes: '/api/v1/nodes',
} as const;

/** Namespace of the leases of nodes (Kubernetes' own). */
const leaseNamespace = 'kube-node-lease';

/** Every write and read of the cloud, by name. Fits the small interfaces that the rooms declare. */
export class Cluster {
  readonly #api: KubeApi;

  constructor(api: KubeApi) {
    this.#api = api;
  }

  /** Merge patch on the status subresource. Carries the uid, so that it never reaches a successor of the same name. */
  async patchDeviceStatus<Item>(device: DeviceRef & { uid: string }, status: object): Promise<Item> {
    return await this.#api.request<Item>({
      method: 'PATCH',
      path: `${devicesBase}/namespaces/${device.namespace}/devices/${device.name}/status`,
      contentType: patchTypes.merge,
      body: { metadata: { uid: device.uid }, status },
    });
  }

  async createEvent(namespace: string, event: object): Promise<void> {
    await this.#api.request({ method: 'POST', path: `/api/v1/namespaces/${namespace}/events`, body: event });
  }

  async patchEvent(namespace: string, name: string, patch: object): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/events/${name}`;
    await this.#api.request({ method: 'PATCH', path, contentType: patchTypes.merge, body: patch });
  }

  /** Data of a Secret, decoded; undefined when there is none. */
  async readSecret(namespace: string, name: string): Promise<ReadonlyMap<string, Buffer> | undefined> {
    try {
      const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
      const secret = await this.#api.request<{ data?: Record<string, string> }>({ method: 'GET', path });
      return new Map(Object.entries(secret.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]));
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** @returns false when somebody else has just created it */
  async createSecret(namespace: string, name: string, data: ReadonlyMap<string, Buffer>): Promise<boolean> {
    await this.ensureNamespace(namespace);
    return await this.#createUnlessThere(`/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      type: 'Opaque',
      data: base64(data),
    });
  }

  async patchSecret(namespace: string, name: string, data: ReadonlyMap<string, Buffer>): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
    await this.#api.request({ method: 'PATCH', path, contentType: patchTypes.merge, body: { data: base64(data) } });
  }

  async ensureNamespace(name: string): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await this.#createUnlessThere('/api/v1/namespaces', body);
  }

  async nodeExists(name: string): Promise<boolean> {
    try {
      await this.readNode(name);
      return true;
    } catch (error) {
      if (hasReason(error, 'NotFound')) return false;
      throw error;
    }
  }

  readNode(name: string): Promise<KubeObject> {
    return this.#api.request({ method: 'GET', path: `/api/v1/nodes/${name}` });
  }

  createNode(node: object): Promise<KubeObject> {
    return this.#api.request({ method: 'POST', path: '/api/v1/nodes', body: node });
  }

  /** Strategic merge patch of the status. */
  patchNodeStatus(name: string, patch: unknown): Promise<KubeObject> {
    const path = `/api/v1/nodes/${name}/status`;
    return this.#api.request({ method: 'PATCH', path, contentType: patchTypes.strategic, body: patch });
  }

  readLease(name: string): Promise<KubeObject & { spec?: { renewTime?: string } }> {
    return this.#api.request({ method: 'GET', path: leasePath(name) });
  }

  async createLease(lease: object): Promise<KubeObject> {
    await this.ensureNamespace(leaseNamespace);
    return await this.#api.request({ method: 'POST', path: leasePath(''), body: lease });
  }

  updateLease(name: string, lease: object): Promise<KubeObject> {
    return this.#api.request({ method: 'PUT', path: leasePath(name), body: lease });
  }

  /** Creates a CustomResourceDefinition, or gives the one that is there this spec. */
  async applyDefinition(definition: {
    readonly metadata: { readonly name: string };
    readonly spec?: unknown;
  }): Promise<void> {
    if (await this.#createUnlessThere(definitionPath(''), definition)) return;
    const path = definitionPath(definition.metadata.name);
    const body = { spec: definition.spec };
    await this.#api.request({ method: 'PATCH', path, contentType: patchTypes.merge, body });
  }

  readDefinition<Definition>(name: string): Promise<Definition> {
    return this.#api.request({ method: 'GET', path: definitionPath(name) });
  }

  /** The API server's own words behind an error of one of these. */
  refusal(error: unknown): Status | undefined {
    return statusOf(error);
  }

  async #createUnlessThere(path: string, body: object): Promise<boolean> {
    try {
      await this.#api.request({ method: 'POST', path, body });
      return true;
    } catch (error) {
      if (hasReason(error, 'AlreadyExists')) return false;
      throw error;
    }
  }
}

const definitionPath = (name: string): string =>
  `/apis/apiextensions.k8s.io/v1/customresourcedefinitions${name === '' ? '' : `/${name}`}`;

const leasePath = (name: string): string =>
  `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases${name === '' ? '' : `/${name}`}`;

const base64 = (data: ReadonlyMap<string, Buffer>): Record<string, string> =>
  Object.fromEntries([...data].map(([key, bytes]) => [key, bytes.toString('base64')]));
