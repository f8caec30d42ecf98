import type { JsonObject } from '../json.ts';
import type { WriteContext } from './context.ts';
import type { Objects } from './objects.ts';

/** What the server itself does, it does under this name. */
export function serverContext(): WriteContext {
  return {
    user: { username: 'system:apiserver', groups: ['system:masters'] },
    manager: 'kube-apiserver',
    dryRun: false,
    fieldValidation: 'Ignore',
    duplicates: [],
    warnings: [],
  };
}

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'kubeedge'];

/** Makes the namespaces that are always there; `kubeedge` is where KubeEdge's own objects live. */
export function seed(objects: Objects): void {
  const resource = objects.registry.require('', 'v1', 'namespaces');
  for (const name of namespaces) {
    if (objects.find(resource, '', name) !== undefined) continue;
    const namespace: JsonObject = { kind: 'Namespace', apiVersion: 'v1', metadata: { name } };
    objects.create(resource, '', namespace, serverContext());
  }
}
