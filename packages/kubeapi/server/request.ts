import type { UserInfo } from '../objects/admission.ts';
import type { Target } from '../objects/target.ts';
import type { Registry } from '../resources/registry.ts';
import type { Resource } from '../resources/resource.ts';

/** A path of the API taken apart. `namespace`, `name`, `subresource` are empty when the path has none. */
export interface ApiPath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** One request to a resource that is served. */
export interface ApiRequest extends ApiPath {
  readonly resource: Resource;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly contentType: string;
  readonly userAgent: string;
  readonly user: UserInfo;
  /** What the client is told beside the answer; whoever serves the request adds to it. */
  readonly warnings: string[];
  readonly bytes: Buffer;
  /** The body as text; empty when there was none, and for a protocol buffer, which is none. */
  readonly body: string;
}

const namespaceParts = new Set(['status', 'finalize']);

/** Takes `/api/v1/namespaces/default/pods/a/status` and `/apis/GROUP/VERSION/...` apart; nothing for another path. */
export function parsePath(path: string): ApiPath | undefined {
  const parts = decoded(path);
  if (parts === undefined) return undefined;
  const [root, ...rest] = parts;
  const group = root === 'apis' ? rest.shift() : root === 'api' ? '' : undefined;
  const version = rest.shift();
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 2 && !namespaceParts.has(rest[2] ?? '')) {
    namespace = rest[1] ?? '';
    rest.splice(0, 2);
  }
  const [plural = '', name = '', ...subresource] = rest;
  return { group, version, plural, namespace, name, subresource: subresource.join('/') };
}

function decoded(path: string): string[] | undefined {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    // A stray percent sign: no such path.
    return undefined;
  }
}

/** The resource that a path speaks of, in the scope it asks for. */
export function resourceOf(path: ApiPath, registry: Registry): Resource | undefined {
  const resource = registry.find(path.group, path.version, path.plural);
  if (resource === undefined) return undefined;
  if (path.namespace !== '' && !resource.namespaced) return undefined;
  if (path.namespace === '' && path.name !== '' && resource.namespaced) return undefined;
  return resource;
}

/** The `as=` form that the client prefers: `Table`, `PartialObjectMetadata`, ... or the object itself. */
export function requestedForm(accept: string): string {
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim());
    const form = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    const acceptable = type === 'application/json' || type === '*/*' || type === 'application/*';
    if (acceptable && (form === undefined || servedForms.has(form))) {
      const version = parameters.find((parameter) => parameter.startsWith('v='))?.slice(2);
      if (form !== undefined && version !== 'v1') continue;
      return form ?? '';
    }
    if (type === 'application/yaml' && form === undefined) return 'yaml';
  }
  return accept === '' ? '' : 'unacceptable';
}

const servedForms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** Whether a query parameter is set to something that Go reads as true. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && !['', '0', 'false', 'f', 'F', 'False', 'FALSE'].includes(value);
}

export function targetOf(request: ApiRequest): Target {
  const { resource, namespace, name, subresource } = request;
  return { resource, namespace, name, subresource };
}
