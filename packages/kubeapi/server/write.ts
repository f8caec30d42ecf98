import { FieldError } from '@selvedge/base/errors';
import { parse as parseYaml } from 'yaml';
import { applyPatch } from '../apply/apply.ts';
import { conflictCauses, conflictMessage } from '../apply/conflicts.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { strategyOf } from '../kinds/kinds.ts';
import { notSupported, required } from '../objects/causes.ts';
import type { FieldValidation, WriteContext } from '../objects/context.ts';
import { checkKind, parseJson } from '../objects/decode.ts';
import { deleteObject, deleteOptions } from '../objects/deletion.ts';
import { type Objects, subjectOf, type Target } from '../objects/objects.ts';
import { timeText } from '../objects/ownership.ts';
import type { Schema } from '../openapi/schema.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMergePatch } from '../patch/strategic.ts';
import { decodeProtobuf, protobufType } from '../protobuf/decode.ts';
import { apiVersionOf } from '../resources/resource.ts';
import { duplicateFields } from '../validation/duplicate-fields.ts';
import { present } from './read.ts';
import { json, type Reply } from './reply.ts';
import { type ApiRequest, flag } from './request.ts';
import { answerReview } from './reviews.ts';
import { badRequest, invalidOption, notFound, StatusError } from './status.ts';

export const contextKinds = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};

/** What the query says about a write. @throws StatusError 422 for a value that there is not */
export function contextOf(request: ApiRequest, options: JsonObject = {}): WriteContext {
  const { query, method } = request;
  const kind = contextKinds[method as keyof typeof contextKinds];
  const fromBody = Array.isArray(options.dryRun) ? options.dryRun.map(String) : [];
  const dryRun = [...query.getAll('dryRun').filter((value) => value !== ''), ...fromBody];
  if (dryRun.some((value) => value !== 'All')) {
    throw invalidOption(kind, notSupported('dryRun', dryRun, ['All']));
  }
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(validation)) {
    throw invalidOption(kind, notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  return {
    user: request.user,
    manager: managerOf(request),
    dryRun: dryRun.length > 0,
    fieldValidation: validation === '' ? 'Warn' : (validation as FieldValidation),
    duplicates: jsonTypes.has(request.contentType) && validation !== 'Ignore' ? doubledIn(request.body) : [],
    warnings: [],
  };
}

const jsonTypes = new Set(['', 'application/json']);

/** What is no JSON is refused where it is parsed. */
function doubledIn(body: string): string[] {
  try {
    return duplicateFields(body);
  } catch {
    return [];
  }
}

/** The field manager that the client names, else the first word of its user agent. */
function managerOf(request: ApiRequest): string {
  const named = request.query.get('fieldManager') ?? '';
  if (named !== '') return named.slice(0, 128);
  return (request.userAgent.split('/')[0] ?? '').slice(0, 128) || 'unknown';
}

/** POST of a new object. */
export async function create(request: ApiRequest, objects: Objects, context: WriteContext): Promise<Reply> {
  const { resource } = request;
  const object = await bodyOf(request);
  checkKind(object, resource, request.body);
  // What cannot be read back is a question.
  if (!resource.verbs.includes('get')) return json(answerReview(resource, object, request.user, objects.now()), 201);
  const created = objects.create(resource, request.namespace, object, context);
  return { ...present(request, created, objects), code: 201 };
}

/** PUT: the whole object in place of the one there. */
export async function replace(request: ApiRequest, objects: Objects, context: WriteContext): Promise<Reply> {
  const target = targetOf(request);
  const object = await bodyOf(request);
  checkKind(object, request.resource, request.body);
  const missing = objects.find(request.resource, request.namespace, request.name) === undefined;
  if (missing && request.subresource === '' && strategyOf(request.resource).createOnUpdate === true) {
    const created = objects.create(request.resource, request.namespace, object, context);
    return { ...present(request, created, objects), code: 201 };
  }
  const updated = objects.update(target, () => object, context, { needsRevision: true });
  return present(request, updated, objects);
}

const custom = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
const builtin = [...custom.slice(0, 2), 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'];

/** PATCH in one of its forms, told apart by the content type. */
export async function patch(request: ApiRequest, objects: Objects, context: WriteContext): Promise<Reply> {
  const target = targetOf(request);
  const type = request.contentType;
  const accepted = request.resource.custom === undefined ? builtin : custom;
  if (!builtin.includes(type)) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  if (!accepted.includes(type)) {
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    );
  }
  if (type === 'application/apply-patch+yaml') return apply(request, objects, context);
  const schema = objects.schemas.of(request.resource);
  const body = parsePatch(request);
  const change = patchOf(type, body, schema);
  const form = type === 'application/strategic-merge-patch+json' ? 'strategic' : 'json';
  const updated = objects.update(
    target,
    (before) => {
      const next = change(before);
      if (!isObject(next)) throw badRequest('the patch leaves something that is no object');
      checkKind(next, request.resource, request.body);
      return next;
    },
    { ...context, patch: { form, body } },
  );
  return present(request, updated, objects);
}

/** Server-side apply: creates the object or merges into it, and records who owns what. */
function apply(request: ApiRequest, objects: Objects, given: WriteContext): Reply {
  const { resource, namespace, name, subresource } = request;
  if ((request.query.get('fieldManager') ?? '') === '') {
    throw invalidOption('PatchOptions', required('fieldManager', 'is required for apply patch'));
  }
  const context: WriteContext = { ...given, applies: true };
  let applied: unknown;
  try {
    applied = parseYaml(request.body, { maxAliasCount: 100 });
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : ''}`);
  }
  const make = (live: JsonObject | undefined): JsonObject => {
    const outcome = applying(() =>
      applyPatch({
        live,
        applied: applied as Json,
        manager: context.manager,
        force: flag(request.query, 'force'),
        time: timeText(objects.now()),
        schema: objects.schemas.of(resource),
        apiVersion: apiVersionOf(resource),
        subresource,
      }),
    );
    if ('conflicts' in outcome) {
      const details = { causes: conflictCauses(outcome.conflicts) };
      throw new StatusError(409, 'Conflict', conflictMessage(outcome.conflicts), details);
    }
    if (!isObject(outcome.object)) throw badRequest('the patch leaves something that is no object');
    return outcome.object;
  };
  if (objects.find(resource, namespace, name) === undefined && subresource === '') {
    const fresh = make(undefined);
    checkKind(fresh, resource, request.body);
    const metadata = isObject(fresh.metadata) ? fresh.metadata : {};
    const created = objects.create(resource, namespace, { ...fresh, metadata: { ...metadata, name } }, context);
    return { ...present(request, created, objects), code: 201 };
  }
  return present(request, objects.update(targetOf(request), make, context), objects);
}

function applying<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw error instanceof FieldError ? patchFailure(error) : error;
  }
}

function parsePatch(request: ApiRequest): Json {
  try {
    return JSON.parse(request.body) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : ''}`);
  }
}

function patchOf(type: string, body: Json, schema: Schema): (before: JsonObject) => Json {
  const list = type === 'application/json-patch+json';
  if (list !== Array.isArray(body) || (!list && !isObject(body))) {
    const [got, wanted] = [
      Array.isArray(body) ? 'array' : isObject(body) ? 'object' : typeof body,
      list ? '[]handlers.jsonPatchOp' : 'map[string]interface {}',
    ];
    throw badRequest(`error decoding patch: json: cannot unmarshal ${got} into Go value of type ${wanted}`);
  }
  return (before) => {
    if (list) return applying(() => jsonPatch(before, body));
    if (type === 'application/merge-patch+json') return applying(() => mergePatch(before, body));
    return applying(() => strategicMergePatch(before, body, schema));
  };
}

function patchFailure(error: FieldError): StatusError {
  if (error.code === 'BadRequest') return badRequest(error.message);
  if (error.code === 'InternalError') return new StatusError(500, 'InternalError', error.message);
  if (error.code === 'RequestEntityTooLarge') return new StatusError(413, 'RequestEntityTooLarge', error.message);
  return new StatusError(422, 'Invalid', error.message, {});
}

/** DELETE of one object. */
export async function remove(request: ApiRequest, objects: Objects): Promise<Reply> {
  const body = request.bytes.length === 0 ? {} : await bodyOf(request);
  const context = contextOf(request, body);
  return json(deleteObject(objects, targetOf(request), deleteOptions(body, request.query), context));
}

export function targetOf(request: ApiRequest): Target {
  const { resource, namespace, name, subresource } = request;
  return { resource, namespace, name, subresource };
}

/** The body as an object, from JSON, YAML or a protocol buffer. */
export async function bodyOf(request: ApiRequest): Promise<JsonObject> {
  const { contentType, resource } = request;
  if (contentType === 'application/json' || contentType === '') return parseJson(request.body, resource);
  if (contentType === 'application/yaml' || contentType === 'application/apply-patch+yaml') {
    const { parse } = await import('yaml');
    try {
      const value = parse(request.body, { maxAliasCount: 100 }) as Json;
      if (isObject(value)) return value;
    } catch (error) {
      throw badRequest(`error parsing YAML: ${error instanceof Error ? error.message : ''}`);
    }
    throw badRequest('error parsing YAML: expected an object');
  }
  if (contentType === protobufType) return decodeProtobuf(request.bytes);
  const accepted = ['application/json', 'application/yaml', protobufType].join(', ');
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

/** A subresource may only be asked for where its object is. */
export function requireObject(request: ApiRequest, objects: Objects): void {
  if (objects.find(request.resource, request.namespace, request.name) === undefined) {
    throw notFound(subjectOf(targetOf(request)));
  }
}
