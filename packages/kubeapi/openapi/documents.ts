import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
import { builtinDefinitions, definitionOf } from './builtin.ts';
import { objectMetaName, withObjectFields } from './custom.ts';
import { type DocumentedResource, pathsOf, rootOf } from './paths.ts';
import { type Definitions, type GroupVersionKind, referencePrefix, type Schema } from './schema.ts';
import { references } from './walk.ts';

const info = { title: 'Kubernetes', version: '1.37' };
const listMetaName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';

/** `/openapi/v3`: where the document of each group and version is; its hash lets clients keep it for as long as it is true. */
export function openApiIndex(resources: readonly DocumentedResource[]): JsonObject {
  const paths: JsonObject = {};
  for (const root of new Set(resources.filter(isDocumented).map(rootOf))) {
    const own = resources.filter((resource) => rootOf(resource) === root);
    const hash = createHash('sha512')
      .update(JSON.stringify([info.version, own]))
      .digest('hex')
      .toUpperCase();
    paths[root.slice(1)] = { serverRelativeURL: `/openapi/v3${root}?hash=${hash}` };
  }
  return { paths };
}

/** `/openapi/v3/api/v1` and `/openapi/v3/apis/GROUP/VERSION`; undefined where nothing is served. */
export function openApiV3(
  resources: readonly DocumentedResource[],
  group: string,
  version: string,
): JsonObject | undefined {
  const own = resources.filter((resource) => resource.group === group && resource.version === version);
  if (!own.some(isDocumented)) return undefined;
  const { paths, definitions } = describe(own);
  return {
    openapi: '3.0.0',
    info,
    paths,
    components: {
      schemas: definitions as unknown as JsonObject,
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    },
  };
}

/** The paths of these resources, and all definitions that they need, in OpenAPI v3. */
export function describe(resources: readonly DocumentedResource[]): { paths: JsonObject; definitions: Definitions } {
  const known = { ...builtinDefinitions, ...customDefinitions(resources) };
  const nameOf = (gvk: GroupVersionKind) => definitionOf(gvk, known)?.[0];
  const paths: { [path: string]: JsonObject } = {};
  for (const resource of resources) Object.assign(paths, pathsOf(resource, nameOf));
  const definitions: { [name: string]: Schema } = {};
  const keep = (name: string) => {
    const schema = known[name];
    if (schema === undefined || definitions[name] !== undefined) return;
    definitions[name] = schema;
    for (const next of references(schema)) keep(next);
  };
  for (const name of namesIn(paths)) keep(name);
  return { paths, definitions: Object.fromEntries(Object.entries(definitions).sort(byName)) };
}

function isDocumented({ group, version, kind, custom }: DocumentedResource): boolean {
  return custom !== undefined || definitionOf({ group, version, kind }) !== undefined;
}

/** The definitions of custom kinds and their lists, named as the original names them: `com.example.plant.v1.Pump`. */
function customDefinitions(resources: readonly DocumentedResource[]): Definitions {
  const definitions: { [name: string]: Schema } = {};
  for (const { group, version, kind, listKind, custom } of resources) {
    if (custom === undefined) continue;
    const prefix = `${group.split('.').reverse().join('.')}.${version}`;
    const fromCrd = (custom.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }) as Schema;
    definitions[`${prefix}.${kind}`] = {
      ...described(withObjectFields(fromCrd, referenceTo(objectMetaName))),
      'x-kubernetes-group-version-kind': [{ group, version, kind }],
    };
    definitions[`${prefix}.${listKind}`] = {
      ...listOf(`${prefix}.${kind}`),
      'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
    };
  }
  return definitions;
}

const apiVersion: Schema = { type: 'string', description: 'Group and version of the schema that this object follows.' };
const kind: Schema = { type: 'string', description: 'What kind of object this is.' };

function described(schema: Schema): Schema {
  const { properties = {} } = schema;
  return {
    ...schema,
    properties: {
      ...properties,
      apiVersion: { ...apiVersion, ...properties.apiVersion },
      kind: { ...kind, ...properties.kind },
      metadata: {
        description: 'Name, labels, owners, and what the server keeps about the object.',
        ...properties.metadata,
      },
    },
  };
}

function listOf(name: string): Schema {
  const items: Schema = { type: 'array', items: referenceTo(name) };
  return {
    type: 'object',
    required: ['items'],
    properties: { apiVersion, kind, items, metadata: referenceTo(listMetaName) },
  };
}

// Nothing may stand beside $ref, and descriptions do.
function referenceTo(name: string): Schema {
  return { allOf: [{ $ref: `${referencePrefix}${name}` }] };
}

/** Every definition that operations name. */
function namesIn(value: Json): Set<string> {
  const names = new Set<string>();
  const search = (node: Json) => {
    if (Array.isArray(node)) for (const child of node) search(child);
    else if (typeof node === 'object' && node !== null) for (const child of Object.values(node)) search(child);
    else if (typeof node === 'string' && node.startsWith(referencePrefix))
      names.add(node.slice(referencePrefix.length));
  };
  search(value);
  return names;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
