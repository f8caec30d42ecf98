import type { ServerResponse } from 'node:http';
import type { Objects } from '../objects/objects.ts';
import { contextOf } from './context.ts';
import { patch } from './patch.ts';
import { podLog } from './pod-log.ts';
import { readMany, readOne } from './read.ts';
import { remove, removeMany } from './remove.ts';
import { pageNotFound, type Reply, replyTo } from './reply.ts';
import { type ApiPath, type ApiRequest, flag, requestedForm, resourceOf } from './request.ts';
import { methodNotAllowed, methodNotSupported, noSuchResource, notFound, StatusError } from './status.ts';
import type { Watches } from './watch.ts';
import { create, replace } from './write.ts';

export interface Parts {
  readonly objects: Objects;
  readonly watches: Watches;
}

/** An answer, the warnings that go with it; or nothing when the response is written elsewhere, by a watch. */
export type Answer = { readonly reply: Reply; readonly warnings: readonly string[] } | undefined;

/** Finds what a path speaks of. */
export function locate(path: ApiPath, objects: Objects): ApiRequest['resource'] | Reply {
  const { registry } = objects;
  const resource = resourceOf(path, registry);
  if (resource !== undefined) return resource;
  const builtin = registry.of(path.group, path.version).some((candidate) => candidate.custom === undefined);
  if (builtin) throw noSuchResource();
  return pageNotFound();
}

/** Serves one request to a resource. @throws StatusError */
export async function serve(request: ApiRequest, response: ServerResponse, parts: Parts): Promise<Answer> {
  const { resource, warnings } = request;
  const verb = verbOf(request);
  checkVerb(request, verb);
  if (requestedForm(request.accept) === 'unacceptable') throw notAcceptable();
  if (resource.custom?.deprecation !== undefined) warnings.push(resource.custom.deprecation);
  if (verb === 'watch') {
    parts.watches.open(request, response);
    return undefined;
  }
  try {
    return { reply: handlers[verb](request, parts.objects), warnings };
  } catch (error) {
    // Warnings are told beside a refusal too.
    if (error instanceof StatusError) return { reply: replyTo(error), warnings };
    throw error;
  }
}

type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

const handlers: Readonly<Record<Exclude<Verb, 'watch'>, (request: ApiRequest, objects: Objects) => Reply>> = {
  get: (request, objects) => (request.subresource === 'log' ? podLog(request, objects) : readOne(request, objects)),
  list: readMany,
  create: (request, objects) => create(request, objects, contextOf(request)),
  update: (request, objects) => replace(request, objects, contextOf(request)),
  patch: (request, objects) => patch(request, objects, contextOf(request)),
  delete: remove,
  deletecollection: removeMany,
};

/** What a request wants, in the words of discovery and of access rules. @throws StatusError 405 for no such thing */
function verbOf({ method, name, query, subresource }: ApiRequest): Verb {
  const one = name !== '';
  switch (method) {
    case 'GET':
      if (flag(query, 'watch') && subresource === '') return 'watch';
      return one ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return one ? 'delete' : 'deletecollection';
    default:
      throw methodNotAllowed();
  }
}

function checkVerb({ resource, namespace, name, subresource }: ApiRequest, verb: Verb): void {
  const { group, plural, custom } = resource;
  let { verbs } = resource;
  if (subresource !== '') {
    const found = resource.subresources.find((candidate) => candidate.name === subresource);
    if (found === undefined) throw custom === undefined ? noSuchResource() : notFound({ group, kind: plural, name });
    verbs = found.verbs;
  }
  const placed = verb !== 'create' || !resource.namespaced || namespace !== '';
  const named = (verb === 'create') === (name === '') || !['create', 'update', 'patch'].includes(verb);
  if (verbs.includes(verb) && placed && named) return;
  if (custom === undefined || subresource === '') throw methodNotAllowed();
  throw methodNotSupported({ group, kind: plural }, verb);
}

function notAcceptable(): StatusError {
  return new StatusError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
    {},
  );
}
