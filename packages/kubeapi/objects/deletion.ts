import { cloneJson, isObject, type Json, type JsonObject } from '../json.ts';
import { strategyOf } from '../kinds/kinds.ts';
import { conflict, deleted, forbidden, invalidOption } from '../server/status.ts';
import { notSupported } from './causes.ts';
import type { WriteContext } from './context.ts';
import { finalizersOf, isTerminating, metadataOf, timestamp } from './metadata.ts';
import type { Objects } from './objects.ts';
import { subjectOf, type Target } from './target.ts';

export type Propagation = 'Orphan' | 'Background' | 'Foreground';

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: Propagation;
}

const definitions = 'apiextensions.k8s.io/customresourcedefinitions';
export const definitionCleanup = 'customresourcecleanup.apiextensions.k8s.io';

const policies = ['Foreground', 'Background', 'Orphan'];

/** Reads DeleteOptions from a body and from the query. @throws StatusError 422 for a propagation policy that there is not */
export function deleteOptions(body: Json | undefined, query: URLSearchParams): DeleteOptions {
  const options = isObject(body) ? body : {};
  const preconditions = isObject(options.preconditions) ? options.preconditions : {};
  const orphans = options.orphanDependents ?? query.get('orphanDependents');
  const propagation =
    options.propagationPolicy ??
    query.get('propagationPolicy') ??
    (orphans === true || orphans === 'true' ? 'Orphan' : undefined);
  if (propagation !== undefined && propagation !== null && !policies.includes(String(propagation))) {
    throw invalidOption('DeleteOptions', notSupported('propagationPolicy', propagation, [...policies, 'nil']));
  }
  return {
    ...(typeof preconditions.uid === 'string' ? { uid: preconditions.uid } : {}),
    ...(typeof preconditions.resourceVersion === 'string' ? { resourceVersion: preconditions.resourceVersion } : {}),
    ...(propagation === 'Orphan' || propagation === 'Background' || propagation === 'Foreground'
      ? { propagation }
      : {}),
  };
}

/**
 * Deletes an object, or begins to: one with finalizers gets a deletion time and goes when the last finalizer does.
 * @returns what the client is told: a Status when the object is gone, else the object
 */
export function deleteObject(
  objects: Objects,
  target: Target,
  options: DeleteOptions,
  context: WriteContext,
): JsonObject {
  const before = objects.get(target);
  checkPreconditions(target, before, options);
  const reason = strategyOf(target.resource).keeps?.(before);
  if (reason !== undefined) throw forbidden(subjectOf(target), reason);
  objects.admitDeletion(target, before, context);
  const next = cloneJson(before);
  const metadata = metadataOf(next);
  const finalizers = finalizersAfter(finalizersOf(before), options, target);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const held = finalizers.length > 0 || heldBySpec(next, target);
  if (!held) {
    objects.remove(target, next, context);
    if (strategyOf(target.resource).returnsDeleted === true) return next;
    return deleted(subjectOf(target), String(metadata.uid ?? ''));
  }
  if (!isTerminating(before)) {
    metadata.deletionTimestamp = timestamp(objects.now());
    metadata.deletionGracePeriodSeconds = 0;
    if (target.resource.hasGeneration && target.resource.storage !== definitions) {
      metadata.generation = Number(metadata.generation ?? 0) + 1;
    }
    if (target.resource.storage === '/namespaces') next.status = { phase: 'Terminating' };
    if (target.resource.storage === definitions) delete metadata.deletionGracePeriodSeconds;
    return objects.mark(target, next, context);
  }
  const same = JSON.stringify(finalizers) === JSON.stringify(finalizersOf(before));
  return same ? before : objects.mark(target, next, context);
}

function checkPreconditions(target: Target, before: JsonObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = metadataOf(before);
  const subject = { group: target.resource.group, kind: target.resource.kind, name: target.name };
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      subject,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${String(uid)}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw conflict(
      subject,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${String(resourceVersion)}). The object might have been modified`,
    );
  }
}

/** The propagation policy becomes a finalizer, which garbage collection works off. */
function finalizersAfter(existing: readonly string[], options: DeleteOptions, target: Target): string[] {
  const result = new Set(existing);
  if (options.propagation !== undefined) {
    result.delete('orphan');
    result.delete('foregroundDeletion');
    if (options.propagation === 'Orphan') result.add('orphan');
    if (options.propagation === 'Foreground') result.add('foregroundDeletion');
  }
  if (target.resource.storage === definitions) result.add(definitionCleanup);
  return [...result];
}

function heldBySpec(object: JsonObject, target: Target): boolean {
  if (target.resource.storage !== '/namespaces' || !isObject(object.spec)) return false;
  return Array.isArray(object.spec.finalizers) && object.spec.finalizers.length > 0;
}
