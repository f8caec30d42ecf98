import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import { forbiddenField, invalidValue, notSupported } from '../objects/causes.ts';
import type { Objects } from '../objects/objects.ts';
import { both, everything, fieldSelector, labelSelector, type Selector } from '../objects/selectors.ts';
import { lacksDefaults, type StoredText } from '../objects/stored-form.ts';
import { apiVersionOf, type Resource } from '../resources/resource.ts';
import type { Stored } from '../store/store.ts';
import { tableOf } from '../table/table.ts';
import { json, jsonText, type Reply } from './reply.ts';
import { type ApiRequest, requestedForm } from './request.ts';
import { badRequest, type Cause, expired, invalid, notFound, StatusError } from './status.ts';

/** The stored text as this resource serves it, without parsing it where that can be spared. */
export function servedText(found: StoredText, resource: Resource, objects: Objects): string {
  if (resource.conversion !== undefined || lacksDefaults(found, resource))
    return JSON.stringify(objects.parse(found, resource));
  return `{"kind":"${resource.kind}","apiVersion":"${apiVersionOf(resource)}",${found.body.slice(1)}`;
}

/** GET of one object. */
export function readOne(request: ApiRequest, objects: Objects): Reply {
  const { resource, namespace, name } = request;
  const key = { resource: resource.storage, namespace, name };
  const found = objects.store.get(key);
  if (found === undefined) throw notFound({ group: resource.group, kind: resource.plural, name });
  return present(request, objects.parse(found, resource), objects, () => servedText(found, resource, objects));
}

/** One object in the form the client asked for. */
export function present(request: ApiRequest, object: JsonObject, objects: Objects, asText?: () => string): Reply {
  const form = requestedForm(request.accept);
  if (form === 'Table') return json(tableOf([object], request.resource, tableOptions(request, objects)));
  if (form === 'PartialObjectMetadata') return json(partial(object));
  return jsonText(asText?.() ?? JSON.stringify(object));
}

export const partial = (object: JsonObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata ?? {},
});

export function tableOptions(request: ApiRequest, objects: Objects) {
  const include = request.query.get('includeObject') ?? 'Metadata';
  return { include, now: objects.now() };
}

/** The selectors of a list, a watch or a deletion of many. */
export function selectorOf(request: ApiRequest): Selector {
  const { query, resource, name } = request;
  const label = query.get('labelSelector') ?? '';
  const field = query.get('fieldSelector') ?? '';
  const named = name === '' ? everything : fieldSelector(`metadata.name=${name}`, resource);
  return both(
    named,
    both(label === '' ? everything : labelSelector(label), field === '' ? everything : fieldSelector(field, resource)),
  );
}

interface Position {
  readonly revision: number;
  /** The last key that has been served. */
  readonly after: string;
}

/** GET of many, in pages when a limit is given; every page shows the state of the first. */
export function readMany(request: ApiRequest, objects: Objects): Reply {
  const { resource, query } = request;
  const selector = selectorOf(request);
  const limit = integer(query, 'limit');
  const position = positionOf(query, objects);
  const scope = request.namespace === '' ? undefined : request.namespace;
  const current = objects.store.revision;
  const all =
    position.revision === current
      ? objects.store.list(resource.storage, scope)
      : objects.store.listAt(position.revision, resource.storage, scope);
  const items: Stored[] = [];
  let remaining = 0;
  for (const found of all) {
    if (position.after !== '' && idOf(found) <= position.after) continue;
    if (!selector.everything && !selector.matches(objects.parse(found, resource))) continue;
    if (limit > 0 && items.length >= limit) remaining += 1;
    else items.push(found);
  }
  const last = items.at(-1);
  const metadata: JsonObject = { resourceVersion: String(position.revision) };
  if (remaining > 0 && last !== undefined) {
    metadata.continue = tokenOf({ revision: position.revision, after: idOf(last) });
    if (selector.everything) metadata.remainingItemCount = remaining;
  }
  return presentMany(request, items, metadata, objects);
}

/** Many objects in the form the client asked for. */
export function presentMany(request: ApiRequest, items: readonly Stored[], given: JsonObject, objects: Objects): Reply {
  const { resource } = request;
  const form = requestedForm(request.accept);
  // A custom list says that it is complete, a built-in one says nothing.
  const complete = resource.custom !== undefined && form === '';
  const metadata: JsonObject = complete ? { continue: '', ...given } : given;
  if (form === 'Table') {
    const parsed = items.map((found) => objects.parse(found, resource));
    return json({ ...tableOf(parsed, resource, tableOptions(request, objects)), metadata });
  }
  if (form === 'PartialObjectMetadataList' || form === 'PartialObjectMetadata') {
    const parsed = items.map((found) => partial(objects.parse(found, resource)));
    return json({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: parsed });
  }
  // The original leaves kind and apiVersion out of the items of built-in kinds, and puts them into custom ones.
  const bare = resource.custom === undefined && resource.conversion === undefined;
  const texts = items.map((found) => (bare ? found.body : servedText(found, resource, objects)));
  const head = `{"kind":"${resource.listKind}","apiVersion":"${apiVersionOf(resource)}","metadata":${JSON.stringify(metadata)}`;
  return jsonText(`${head},"items":[${texts.join(',')}]}`);
}

const idOf = (found: { namespace: string; name: string }): string => `${found.namespace}/${found.name}`;

function positionOf(query: URLSearchParams, objects: Objects): Position {
  const current = objects.store.revision;
  const token = query.get('continue') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const wanted = query.get('resourceVersion') ?? '';
  if (token !== '') {
    if (wanted !== '' && wanted !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    const position = readToken(token);
    if (position.revision >= objects.store.oldest && position.revision <= current) return position;
    throw expiredToken({ revision: current, after: position.after });
  }
  const causes = matchCauses(match, wanted);
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, causes);
  const revision = parseRevision(wanted, 'invalid resource version: ');
  if (revision > current) throw tooLarge(revision, current);
  if (match !== 'Exact') return { revision: current, after: '' };
  if (revision < objects.store.oldest) throw expired('The resourceVersion for the provided list is too old.');
  return { revision, after: '' };
}

function matchCauses(match: string, wanted: string): Cause[] {
  if (match === '') return [];
  const forbidden = (why: string) => forbiddenField('resourceVersionMatch', `resourceVersionMatch ${why}`);
  const causes: Cause[] = [];
  if (wanted === '') causes.push(forbidden('is forbidden unless resourceVersion is provided'));
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    causes.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
  } else if (match === 'Exact' && wanted === '0') {
    causes.push(forbidden('"exact" is forbidden for resourceVersion "0"'));
  }
  return causes;
}

/** A resource version that this store has not reached: the client knows another server, or the file was replaced. */
function tooLarge(revision: number, current: number): StatusError {
  return new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${revision}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** @throws StatusError 400 for what is no number; `prefix` varies with the place in the original. */
export function parseRevision(value: string, prefix: string): number {
  if (value === '') return 0;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  const cause = invalidValue(
    'resourceVersion',
    value,
    `strconv.ParseUint: parsing ${JSON.stringify(value)}: invalid syntax`,
  );
  const message = `${prefix}${cause.field}: ${cause.message}`;
  throw prefix === '' ? new StatusError(500, '', message) : badRequest(message);
}

/** A whole number from the query; 0 when absent. */
export function integer(query: URLSearchParams, name: string): number {
  const value = query.get(name) ?? '';
  if (value === '') return 0;
  if (!/^-?\d{1,15}$/.test(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  return Math.max(0, Number(value));
}

function tokenOf(position: Position): string {
  const payload = JSON.stringify({ v: 'meta.k8s.io/v1', rv: position.revision, start: position.after });
  return Buffer.from(payload).toString('base64url');
}

function readToken(token: string): Position {
  const wrong = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const at = token.search(/[^A-Za-z0-9_-]/);
  if (at >= 0 || token.length % 4 === 1) throw wrong(`illegal base64 data at input byte ${Math.max(at, 0)}`);
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as JsonObject;
    if (typeof rv === 'number' && typeof start === 'string') return { revision: rv, after: start };
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : 'not JSON');
  }
  throw wrong('expected a position');
}

function expiredToken(rest: Position): StatusError {
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
      'deleted between the time the first chunk was returned and now may show up in the list.',
  );
  const status = { ...error.toStatus(), metadata: { continue: tokenOf(rest) } };
  return Object.assign(error, { toStatus: () => status });
}

/** A short name of a text, for ETags. */
export const digest = (body: string): string => createHash('sha512').update(body).digest('hex').toUpperCase();
