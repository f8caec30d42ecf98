import { randomUUID } from 'node:crypto';
import type { Random } from '@selvedge/base/random';
import { equalJson, isObject, type Json, type JsonObject } from '../json.ts';
import type { Resource } from '../resources/resource.ts';
import { badRequest, type Cause, StatusError } from '../server/status.ts';
import { forbiddenField, invalidValue, required } from './causes.ts';
import { generatedName, labelKeyProblem, labelProblem, labelValueProblem, subdomainProblem } from './names.ts';

/** Seconds are what Kubernetes keeps: `2026-01-31T12:00:00Z`. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** The metadata of an object that came through the decoder, so it has some. */
export function metadataOf(object: JsonObject): JsonObject {
  if (!isObject(object.metadata)) object.metadata = {};
  return object.metadata as JsonObject;
}

export const nameOf = (object: JsonObject): string => String(metadataOf(object).name ?? '');
export const finalizersOf = (object: JsonObject): string[] => {
  const { finalizers } = metadataOf(object);
  return Array.isArray(finalizers) ? finalizers.map(String) : [];
};
export const isTerminating = (object: JsonObject): boolean => metadataOf(object).deletionTimestamp !== undefined;

/** Checks the namespace in the object against the one in the path, and fills it in. */
export function placeInNamespace(object: JsonObject, resource: Resource, namespace: string): void {
  const metadata = metadataOf(object);
  const own = metadata.namespace ?? '';
  if (own !== '' && own !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (resource.namespaced) metadata.namespace = namespace;
  else delete metadata.namespace;
}

/** Gives a new object what the server alone decides: name from generateName, uid, time, generation. */
export function stampNew(object: JsonObject, resource: Resource, now: number, random: Random): void {
  const metadata = metadataOf(object);
  if (typeof metadata.resourceVersion === 'string' && metadata.resourceVersion !== '') {
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  delete metadata.resourceVersion;
  delete metadata.selfLink;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  if ((metadata.name ?? '') === '' && typeof metadata.generateName === 'string' && metadata.generateName !== '') {
    metadata.name = generatedName(metadata.generateName, random);
  }
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(now);
  if (resource.hasGeneration) metadata.generation = 1;
  else delete metadata.generation;
}

/** Takes over into an update what only the server may change. */
export function carryOver(next: JsonObject, before: JsonObject): void {
  const [metadata, old] = [metadataOf(next), metadataOf(before)];
  for (const key of ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation']) {
    const value = old[key];
    if (value === undefined) delete metadata[key];
    else metadata[key] = value;
  }
  delete metadata.selfLink;
  const { resourceVersion } = old;
  if (resourceVersion !== undefined) metadata.resourceVersion = resourceVersion;
}

/** Whether the wish changed: all but metadata, and but status where that has its own subresource. */
export function wishChanged(before: JsonObject, next: JsonObject, resource: Resource): boolean {
  return !equalJson(wishOf(before, resource), wishOf(next, resource));
}

function wishOf(object: JsonObject, resource: Resource): Json {
  const { metadata: _metadata, kind: _kind, apiVersion: _apiVersion, ...wish } = object;
  if (resource.hasStatus) delete wish.status;
  return wish;
}

/** What is wrong with the metadata of an object, in the original's words. */
export function metadataCauses(object: JsonObject, resource: Resource): Cause[] {
  const metadata = metadataOf(object);
  const causes: Cause[] = [];
  const name = String(metadata.name ?? '');
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  const problemOf = resource.storage === '/namespaces' ? labelProblem : subdomainProblem;
  const beginning = metadata.generateName;
  if (typeof beginning === 'string' && beginning !== '') {
    // A generated name may end where the beginning alone may not.
    const beginningProblem = problemOf(beginning.replace(/[-.]$/, 'a'));
    if (beginningProblem !== undefined) causes.push(invalidValue('metadata.generateName', beginning, beginningProblem));
  }
  const problem = problemOf(name);
  if (problem !== undefined) causes.push(invalidValue('metadata.name', name, problem));
  for (const [key, value] of Object.entries(isObject(metadata.labels) ? metadata.labels : {})) {
    const keyProblem = labelKeyProblem(key);
    if (keyProblem !== undefined) causes.push(invalidValue('metadata.labels', key, keyProblem));
    const valueProblem = labelValueProblem(String(value));
    if (valueProblem !== undefined) causes.push(invalidValue('metadata.labels', String(value), valueProblem));
  }
  for (const key of Object.keys(isObject(metadata.annotations) ? metadata.annotations : {})) {
    const keyProblem = labelKeyProblem(key.toLowerCase());
    if (keyProblem !== undefined) causes.push(invalidValue('metadata.annotations', key, keyProblem));
  }
  causes.push(...finalizerCauses(object, resource), ...ownerCauses(metadata));
  return causes;
}

/** Of a custom object a finalizer without a domain is taken, with a word about it. */
export function finalizerWarnings(object: JsonObject, resource: Resource): string[] {
  if (resource.custom === undefined) return [];
  return finalizersOf(object)
    .filter((name) => !name.includes('/') && !standardFinalizers.has(name))
    .map(
      (name) =>
        `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    );
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
const bareFinalizer = 'name is neither a standard finalizer name nor is it fully qualified';

function finalizerCauses(object: JsonObject, resource: Resource): Cause[] {
  const causes: Cause[] = [];
  for (const [index, finalizer] of finalizersOf(object).entries()) {
    const bare = resource.custom === undefined && !finalizer.includes('/') && !standardFinalizers.has(finalizer);
    const problem = labelKeyProblem(finalizer) ?? (bare ? bareFinalizer : undefined);
    if (problem !== undefined) causes.push(invalidValue(`metadata.finalizers[${index}]`, finalizer, problem));
  }
  const both = ['orphan', 'foregroundDeletion'].every((name) => finalizersOf(object).includes(name));
  if (both) {
    causes.push(
      invalidValue(
        'metadata.finalizers',
        finalizersOf(object),
        'finalizer orphan and foregroundDeletion cannot be both set',
      ),
    );
  }
  return causes;
}

function ownerCauses(metadata: JsonObject): Cause[] {
  const owners = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences.filter(isObject) : [];
  const causes: Cause[] = [];
  for (const [index, owner] of owners.entries()) {
    for (const key of ['apiVersion', 'kind', 'name', 'uid']) {
      const value = owner[key];
      if (value === undefined || value === '') {
        causes.push(required(`metadata.ownerReferences[${index}].${key}`, 'must not be empty'));
      }
    }
  }
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    causes.push(
      invalidValue(
        'metadata.ownerReferences',
        owners.map(inTypeOrder),
        `Only one reference can have Controller set to true. Found "true" in references for ${controllers.map(({ kind, name }) => `${String(kind)}/${String(name)}`).join(' and ')}`,
      ),
    );
  }
  return causes;
}

/** An owner reference with its members in the order in which the original writes them. */
function inTypeOrder(owner: JsonObject): JsonObject {
  const order = ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'];
  return Object.fromEntries(order.flatMap((key) => (owner[key] === undefined ? [] : [[key, owner[key]]])));
}

/** What may not change from one state of an object to the next. */
export function immutableCauses(before: JsonObject, next: JsonObject): Cause[] {
  const causes: Cause[] = [];
  if (isTerminating(before)) {
    const known = new Set(finalizersOf(before));
    const added = finalizersOf(next).filter((finalizer) => !known.has(finalizer));
    if (added.length > 0) {
      causes.push(
        forbiddenField(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((text) => JSON.stringify(text)).join(', ')}}`,
        ),
      );
    }
  }
  return causes;
}
