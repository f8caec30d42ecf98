import { FieldError } from '@selvedge/base/errors';
import { applyPatch } from '../apply/apply.ts';
import { conflictCauses, conflictMessage } from '../apply/conflicts.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { required } from '../objects/causes.ts';
import type { WriteContext } from '../objects/context.ts';
import { checkKind, checkName } from '../objects/decode.ts';
import type { Objects } from '../objects/objects.ts';
import { outOfReach, timeText } from '../objects/ownership.ts';
import type { Schema } from '../openapi/schema.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMergePatch } from '../patch/strategic.ts';
import { apiVersionOf } from '../resources/resource.ts';
import { unknownFormat, yamlOf } from './body.ts';
import { present } from './read.ts';
import type { Reply } from './reply.ts';
import { type ApiRequest, flag, targetOf } from './request.ts';
import { badRequest, invalidOption, StatusError } from './status.ts';

const custom = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
const builtin = [...custom.slice(0, 2), 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'];

/** PATCH in one of its forms, told apart by the content type. */
export function patch(request: ApiRequest, objects: Objects, context: WriteContext): Reply {
  const target = targetOf(request);
  const type = request.contentType;
  const accepted = request.resource.custom === undefined ? builtin : custom;
  if (!accepted.includes(type)) {
    if (accepted === custom) throw unknownFormat(custom.join(', '));
    throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
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
      checkKind(next, request.resource, objects.registry, request.body);
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
  const applied = yamlOf(request.body);
  if (isObject(applied)) checkName(applied, name);
  const make = (live: JsonObject | undefined): JsonObject => {
    const outcome = applying(() =>
      applyPatch({
        live,
        applied,
        manager: context.manager,
        force: flag(request.query, 'force'),
        time: timeText(objects.now()),
        schema: objects.schemas.of(resource),
        apiVersion: apiVersionOf(resource),
        subresource,
        ignored: outOfReach(resource, subresource),
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
    checkKind(fresh, resource, objects.registry, request.body);
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
    if (request.contentType === 'application/merge-patch+json') throw badRequest('invalid JSON patch');
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
  // The original gives this one no reason.
  if (error.code === 'NotTyped') return new StatusError(500, '', error.message);
  if (error.code === 'InternalError') return new StatusError(500, 'InternalError', error.message);
  if (error.code === 'RequestEntityTooLarge') return new StatusError(413, 'RequestEntityTooLarge', error.message);
  return new StatusError(422, 'Invalid', error.message, {});
}
