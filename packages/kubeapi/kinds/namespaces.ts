import { isObject, type JsonObject } from '../json.ts';
import { metadataOf, nameOf } from '../objects/metadata.ts';
import type { Strategy } from './strategy.ts';

/** Without these a client finds no place to begin. */
const immortal = new Set(['default', 'kube-system', 'kube-public']);

export const namespaces: Strategy = {
  defaults: label,
  prepareCreate: (namespace) => {
    const { finalizers } = isObject(namespace.spec) ? namespace.spec : {};
    const given = Array.isArray(finalizers) ? finalizers.filter((name) => name !== 'kubernetes') : [];
    namespace.spec = { finalizers: [...given, 'kubernetes'] };
    namespace.status = { phase: 'Active' };
    label(namespace);
  },
  prepareUpdate: (namespace, before) => {
    if (before.spec !== undefined) namespace.spec = before.spec;
  },
  keeps: (namespace) => (immortal.has(nameOf(namespace)) ? 'this namespace may not be deleted' : undefined),
  returnsDeleted: true,
};

/** Every namespace carries its own name as a label, so that selectors can name it; once it has a name. */
function label(namespace: JsonObject): void {
  if (nameOf(namespace) === '') return;
  const metadata = metadataOf(namespace);
  const labels = isObject(metadata.labels) ? metadata.labels : {};
  metadata.labels = { ...labels, 'kubernetes.io/metadata.name': nameOf(namespace) };
}
