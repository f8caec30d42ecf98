import type { JsonObject } from '../json.ts';
import { deleteObject, deleteOptions } from '../objects/deletion.ts';
import type { Objects } from '../objects/objects.ts';
import type { Stored } from '../store/store.ts';
import { bodyOf } from './body.ts';
import { contextOf } from './context.ts';
import { presentMany, selectorOf } from './read.ts';
import { json, type Reply } from './reply.ts';
import { type ApiRequest, targetOf } from './request.ts';

/** DELETE of one object. */
export function remove(request: ApiRequest, objects: Objects): Reply {
  const options = optionsOf(request);
  const context = contextOf(request, options);
  return json(deleteObject(objects, targetOf(request), deleteOptions(options, request.query), context));
}

/** DELETE of all objects that the selectors of the query mean. @returns the list of them, as they were */
export function removeMany(request: ApiRequest, objects: Objects): Reply {
  const { resource, namespace } = request;
  const options = optionsOf(request);
  const context = contextOf(request, options);
  const wanted = deleteOptions(options, request.query);
  const selector = selectorOf(request);
  const items: Stored[] = [];
  for (const stored of objects.store.list(resource.storage, namespace === '' ? undefined : namespace)) {
    const object = objects.parse(stored, resource);
    if (!selector.matches(object)) continue;
    const target = { resource, namespace: stored.namespace, name: stored.name, subresource: '' };
    deleteObject(objects, target, wanted, context);
    items.push(stored);
  }
  return presentMany(request, items, { resourceVersion: String(objects.store.revision) }, objects);
}

function optionsOf(request: ApiRequest): JsonObject {
  return request.bytes.length === 0 ? {} : bodyOf(request, '');
}
