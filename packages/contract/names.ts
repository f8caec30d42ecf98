import { configError } from '@selvedge/base/errors';

/** A device's identity on every wire: KubeEdge's `<namespace>/<name>`. */
export interface DeviceRef {
  readonly namespace: string;
  readonly name: string;
}

/** RFC 1123 subdomain, the rule of Kubernetes object names: at most 253 of a-z 0-9 - and . */
export function isObjectName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(text);
}

/** What {@link isObjectName} asks for, in Kubernetes' words (k8s.io/apimachinery, IsDNS1123Subdomain). */
export const objectNameRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  'with an alphanumeric character, in at most 253 characters';

/** RFC 1123 label, the rule of namespaces: at most 63 of a-z 0-9 and - */
export function isNamespaceName(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

/**
 * Names of properties as KubeEdge's twin accepts them (edge MQTT interface, key pattern), at most 128 characters. Those that
 * every JavaScript object inherits are refused: a record by property would have an entry for `constructor` at all times.
 */
export function isPropertyName(text: string): boolean {
  return /^[a-zA-Z0-9\-_.,:/@#]{1,128}$/.test(text) && !(text in Object.prototype);
}

/** What {@link isPropertyName} asks for, for error texts. */
export const propertyNameRule = 'a name has 1 to 128 of a-z A-Z 0-9 - _ . , : / @ # and is no word like "constructor"';

export const deviceKey = (device: DeviceRef): string => `${device.namespace}/${device.name}`;

/** @throws configError `InvalidName` when `key` is not `<namespace>/<name>` */
export function parseDeviceKey(key: string): DeviceRef {
  const [namespace = '', name = '', ...rest] = key.split('/');
  if (rest.length > 0 || !isNamespaceName(namespace) || !isObjectName(name)) {
    throw configError('InvalidName', `Cannot address device "${key}": it must be <namespace>/<name>`);
  }
  return { namespace, name };
}

/** Label of the nodes that are gateways (KubeEdge); a cluster has others beside them. */
export const edgeLabel = 'node-role.kubernetes.io/edge';
