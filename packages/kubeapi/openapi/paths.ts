import type { Json, JsonObject } from '../json.ts';
import { type GroupVersionKind, referencePrefix } from './schema.ts';

/** A resource as far as the OpenAPI documents speak of it. */
export interface DocumentedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly DocumentedSubresource[];
  /** Present if a CustomResourceDefinition made it. */
  readonly custom?: { readonly schema: JsonObject | undefined };
}

export interface DocumentedSubresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

/** The name of the definition that describes a kind, or undefined if there is none to point at. */
export type NameOf = (gvk: GroupVersionKind) => string | undefined;

const query = (name: string, type: 'string' | 'boolean' | 'integer' = 'string'): JsonObject => ({
  name,
  in: 'query',
  schema: { type, uniqueItems: true },
});
const inPath = (name: string): JsonObject => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string', uniqueItems: true },
});

const listOptions = [
  query('allowWatchBookmarks', 'boolean'),
  query('continue'),
  query('fieldSelector'),
  query('labelSelector'),
  query('limit', 'integer'),
  query('resourceVersion'),
  query('resourceVersionMatch'),
  query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'),
  query('watch', 'boolean'),
];
const writeOptions = [query('dryRun'), query('fieldManager'), query('fieldValidation')];
const deleteOptions = [
  query('dryRun'),
  query('gracePeriodSeconds', 'integer'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy'),
];

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const customPatches = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
const builtinPatches = [...customPatches, 'application/strategic-merge-patch+json'];

/** The root of a group and version: `/api/v1` or `/apis/GROUP/VERSION`. */
export const rootOf = ({ group, version }: { group: string; version: string }): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`;

/** The paths of one resource, as `/openapi/v3` lists them. Empty if its kind has no definition. */
export function pathsOf(resource: DocumentedResource, nameOf: NameOf): { [path: string]: JsonObject } {
  const { group, version, kind, plural, namespaced, verbs } = resource;
  const own = nameOf({ group, version, kind });
  const list = nameOf({ group, version, kind: resource.listKind }) ?? own;
  if (own === undefined || list === undefined) return {};
  const root = rootOf(resource);
  const collection = `${root}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
  const place = namespaced ? [inPath('namespace')] : [];
  const operation = operationsOf(resource, { group, version, kind });

  const many = {
    ...(verbs.includes('list') && { get: operation('list', { parameters: listOptions, answer: list }) }),
    ...(verbs.includes('create') && { post: operation('post', { parameters: writeOptions, body: own, answer: own }) }),
    ...(verbs.includes('deletecollection') && {
      delete: operation('deletecollection', {
        parameters: [...listOptions, ...deleteOptions],
        body: `${meta}.DeleteOptions`,
        answer: `${meta}.Status`,
      }),
    }),
  };
  const paths: { [path: string]: JsonObject } = {
    [collection]: { ...many, parameters: [...place, query('pretty')] },
    [`${collection}/{name}`]: {
      ...writable(operation, verbs, own, resource.custom !== undefined),
      parameters: [inPath('name'), ...place, query('pretty')],
    },
  };
  if (namespaced && verbs.includes('list')) {
    const get = operation('list', { parameters: listOptions, answer: list });
    paths[`${root}/${plural}`] = { get, parameters: [query('pretty')] };
  }
  for (const subresource of resource.subresources) {
    const gvk = { group: subresource.group ?? group, version: subresource.version ?? version, kind: subresource.kind };
    const name = nameOf(gvk);
    if (name === undefined) continue;
    const below = writable(operationsOf(resource, gvk), subresource.verbs, name, resource.custom !== undefined);
    if (Object.keys(below).length === 0) continue;
    const parameters = [inPath('name'), ...place, query('pretty')];
    paths[`${collection}/{name}/${subresource.name}`] = { ...below, parameters };
  }
  return paths;
}

interface OperationParts {
  readonly parameters?: readonly JsonObject[];
  readonly body?: string;
  readonly patches?: readonly string[];
  readonly answer: string;
}

type MakeOperation = (action: string, parts: OperationParts) => JsonObject;

function writable(make: MakeOperation, verbs: readonly string[], own: string, custom: boolean): JsonObject {
  return {
    ...(verbs.includes('get') && { get: make('get', { answer: own }) }),
    ...(verbs.includes('update') && { put: make('put', { parameters: writeOptions, body: own, answer: own }) }),
    ...(verbs.includes('patch') && {
      patch: make('patch', {
        parameters: [...writeOptions, query('force', 'boolean')],
        body: `${meta}.Patch`,
        patches: custom ? customPatches : builtinPatches,
        answer: own,
      }),
    }),
    ...(verbs.includes('delete') && {
      delete: make('delete', { parameters: deleteOptions, body: `${meta}.DeleteOptions`, answer: `${meta}.Status` }),
    }),
  };
}

function operationsOf(resource: DocumentedResource, gvk: GroupVersionKind): MakeOperation {
  return (action, { parameters = [], body, patches = ['*/*'], answer }) => ({
    tags: [tagOf(resource)],
    ...(parameters.length > 0 && { parameters: [...parameters] }),
    ...(body !== undefined && { requestBody: { content: contentOf(patches, body), required: action !== 'delete' } }),
    responses: {
      '200': { description: 'OK', content: contentOf(['application/json', 'application/yaml'], answer) },
      ...(action === 'post' && {
        '201': { description: 'Created', content: contentOf(['application/json', 'application/yaml'], answer) },
      }),
      '401': { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { ...gvk },
  });
}

function contentOf(types: readonly string[], name: string): JsonObject {
  const schema: Json = { $ref: `${referencePrefix}${name}` };
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function tagOf({ group, version }: DocumentedResource): string {
  const name = group === '' ? 'core' : group.replace(/\.k8s\.io$/, '').replaceAll('.', '_');
  return `${name}_${version}`;
}
