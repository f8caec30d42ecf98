import { strategyOf } from '../kinds/kinds.ts';
import type { WriteContext } from '../objects/context.ts';
import { checkKind, checkName } from '../objects/decode.ts';
import type { Objects } from '../objects/objects.ts';
import { bodyOf } from './body.ts';
import { present } from './read.ts';
import { json, type Reply } from './reply.ts';
import { type ApiRequest, targetOf } from './request.ts';
import { answerReview } from './reviews.ts';

/** POST of a new object. */
export function create(request: ApiRequest, objects: Objects, context: WriteContext): Reply {
  const { resource } = request;
  const object = bodyOf(request);
  checkKind(object, resource, objects.registry, request.body);
  // What cannot be read back is a question.
  if (!resource.verbs.includes('get')) return json(answerReview(resource, object, request.user, objects.now()), 201);
  const created = objects.create(resource, request.namespace, object, context);
  return { ...present(request, created, objects), code: 201 };
}

/** PUT: the whole object in place of the one there. */
export function replace(request: ApiRequest, objects: Objects, context: WriteContext): Reply {
  const target = targetOf(request);
  const object = bodyOf(request);
  checkKind(object, request.resource, objects.registry, request.body);
  checkName(object, request.name);
  const missing = objects.find(request.resource, request.namespace, request.name) === undefined;
  if (missing && request.subresource === '' && strategyOf(request.resource).createOnUpdate === true) {
    const created = objects.create(request.resource, request.namespace, object, context);
    return { ...present(request, created, objects), code: 201 };
  }
  const updated = objects.update(target, () => object, context, { needsRevision: true });
  return present(request, updated, objects);
}
