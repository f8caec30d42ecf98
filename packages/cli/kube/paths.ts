import { deviceGroup, deviceVersion } from '@selvedge/contract/device';
import { edgeLabel } from '@selvedge/contract/names';

const base = `/apis/${deviceGroup}/${deviceVersion}`;

/** Paths of the API server that this command calls. Names are encoded: they come from a person's keyboard. */
export const kubePaths = {
  devices: (namespace: string | undefined) => collection('devices', namespace),
  device: (namespace: string, name: string) => `${collection('devices', namespace)}/${encodeURIComponent(name)}`,
  models: (namespace: string) => collection('devicemodels', namespace),
  model: (namespace: string, name: string) => `${collection('devicemodels', namespace)}/${encodeURIComponent(name)}`,
  /** The nodes that are gateways. */
  nodes: `/api/v1/nodes?labelSelector=${encodeURIComponent(edgeLabel)}`,
  joinToken: '/api/v1/namespaces/kubeedge/secrets/tokensecret',
  /** Events of one object, as `kubectl describe` selects them. */
  events: (namespace: string, uid: string) =>
    `/api/v1/namespaces/${encodeURIComponent(namespace)}/events?fieldSelector=${encodeURIComponent(`involvedObject.uid=${uid}`)}`,
} as const;

function collection(resource: string, namespace: string | undefined): string {
  return namespace === undefined
    ? `${base}/${resource}`
    : `${base}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
}
