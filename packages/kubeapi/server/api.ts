import type { ServerResponse } from 'node:http';
import type { Objects } from '../objects/objects.ts';
import { readMany, readOne } from './read.ts';
import { pageNotFound, type Reply } from './reply.ts';
import { type ApiPath, type ApiRequest, flag, requestedForm, resourceOf } from './request.ts';
import { methodNotAllowed, noSuchResource, StatusError } from './status.ts';
import type { Watches } from './watch.ts';
import { contextOf, create, patch, remove, replace } from './write.ts';

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
  const { method, name, query, resource } = request;
  checkSubresource(request);
  if (requestedForm(request.accept) === 'unacceptable') throw notAcceptable();
  if (method === 'GET') {
    const watching = flag(query, 'watch') && request.subresource === '';
    if (watching) {
      parts.watches.open(request, response);
      return undefined;
    }
    const reply = name === '' ? readMany(request, parts.objects) : readOne(request, parts.objects);
    return { reply, warnings: [] };
  }
  const verb = verbOf(method, name);
  if (verb === undefined || (request.subresource === '' && !resource.verbs.includes(verb))) throw methodNotAllowed();
  if (verb === 'create' && resource.namespaced && request.namespace === '') throw methodNotAllowed();
  if (verb === 'delete') return { reply: await remove(request, parts.objects), warnings: [] };
  const context = contextOf(request);
  const act = { create, update: replace, patch }[verb];
  if (act === undefined) throw methodNotAllowed();
  return { reply: await act(request, parts.objects, context), warnings: context.warnings };
}

function verbOf(method: string, name: string): 'create' | 'update' | 'patch' | 'delete' | undefined {
  if (method === 'POST') return name === '' ? 'create' : undefined;
  if (name === '') return undefined;
  if (method === 'PUT') return 'update';
  if (method === 'PATCH') return 'patch';
  if (method === 'DELETE') return 'delete';
  return undefined;
}

function checkSubresource(request: ApiRequest): void {
  if (request.subresource === '') return;
  const found = request.resource.subresources.find((candidate) => candidate.name === request.subresource);
  if (found === undefined) throw noSuchResource();
}

function notAcceptable(): StatusError {
  return new StatusError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}
