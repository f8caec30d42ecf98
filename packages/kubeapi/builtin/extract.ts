/**
 * Writes definitions.json: the schemas of the built-in kinds we serve, read from a running Kubernetes API server.
 * Only facts are kept (types, list types, merge keys, defaults), no descriptions.
 *
 *   KUBECONFIG=... node --import tsx packages/kubeapi/builtin/extract.ts [path of kubectl]
 *
 * Run it when the Kubernetes version that we follow changes, and review the difference.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Definitions, Schema } from '../openapi/schema.ts';
import { references, withoutDescriptions } from '../openapi/walk.ts';

/** The document that holds each served kind, and the kinds wanted from it. Lists come along on their own. */
const wanted: { readonly [path: string]: readonly string[] } = {
  'api/v1': ['Namespace', 'Node', 'Pod', 'ConfigMap', 'Secret', 'Event', 'Service', 'ServiceAccount'],
  'apis/coordination.k8s.io/v1': ['Lease'],
  'apis/events.k8s.io/v1': ['Event'],
  'apis/apiextensions.k8s.io/v1': ['CustomResourceDefinition'],
};

/** What every API group speaks, whatever its kinds. */
const common = [
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
  'DeleteOptions',
  'Patch',
  'Status',
  'WatchEvent',
];

const kubectl = process.argv[2] ?? 'kubectl';
const found: { [name: string]: Schema } = {};
for (const [path, kinds] of Object.entries(wanted)) {
  const group = path.startsWith('apis/') ? path.split('/')[1] : '';
  const all = document(path);
  const served = new Set(kinds.flatMap((kind) => [kind, `${kind}List`]));
  for (const [name, schema] of Object.entries(all)) {
    const own = schema['x-kubernetes-group-version-kind'] ?? [];
    if (own.length === 1 && own.some((kind) => kind.group === group && served.has(kind.kind))) keep(all, name);
  }
  for (const kind of common) keep(all, `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`);
}
// The two documents that list versions, not kinds.
for (const path of ['api', 'apis']) {
  const all = document(path);
  for (const kind of common) keep(all, `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`);
}

const lines = Object.keys(found)
  .sort()
  .map((name) => `${JSON.stringify(name)}: ${JSON.stringify(found[name])}`);
writeFileSync(new URL('./definitions.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`);

function document(path: string): Definitions {
  const text = execFileSync(kubectl, ['get', '--raw', `/openapi/v3/${path}`], { maxBuffer: 64 * 1024 * 1024 });
  const parsed = JSON.parse(text.toString()) as { components: { schemas: Definitions } };
  return parsed.components.schemas;
}

function keep(all: Definitions, name: string): void {
  const schema = all[name];
  if (schema === undefined || found[name] !== undefined) return;
  const reduced = withoutDescriptions(schema);
  found[name] = reduced;
  for (const next of references(reduced)) keep(all, next);
}
