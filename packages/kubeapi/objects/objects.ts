import type { Clock } from '@selvedge/base/clock';
import type { Random } from '@selvedge/base/random';
import { cloneJson, equalJson, type JsonObject } from '../json.ts';
import { strategyOf } from '../kinds/kinds.ts';
import type { Registry } from '../resources/registry.ts';
import type { Resource } from '../resources/resource.ts';
import { alreadyExists, type Cause, conflict, forbidden, invalid, notFound } from '../server/status.ts';
import type { Key, Store } from '../store/store.ts';
import { type AdmissionHook, type AdmissionReview, admit } from './admission.ts';
import { invalidValue } from './causes.ts';
import { complete, conform, schemaFlaws } from './conform.ts';
import type { WriteContext } from './context.ts';
import { checkName } from './decode.ts';
import {
  carryOver,
  finalizersOf,
  finalizerWarnings,
  immutableCauses,
  isTerminating,
  metadataCauses,
  metadataOf,
  nameOf,
  placeInNamespace,
  stampNew,
  wishChanged,
} from './metadata.ts';
import { owned, Schemas } from './ownership.ts';
import { restrict } from './reach.ts';
import { fromStored, type StoredText, toStored } from './stored-form.ts';
import { keyOf, subjectOf, type Target } from './target.ts';

export interface ObjectsOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly admission: readonly AdmissionHook[];
}

const modified = 'the object has been modified; please apply your changes to the latest version and try again';

/**
 * Reads and writes objects by the rules of Kubernetes, whoever asks: HTTP, garbage collection, the namespace controller.
 * Everything is synchronous, so a read and the write that follows from it cannot be torn apart.
 */
export class Objects {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hooks: readonly AdmissionHook[];
  readonly schemas = new Schemas();

  constructor(options: ObjectsOptions) {
    this.#store = options.store;
    this.#registry = options.registry;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#hooks = options.admission;
  }

  get store(): Store {
    return this.#store;
  }

  get registry(): Registry {
    return this.#registry;
  }

  now(): number {
    return this.#clock.now();
  }

  /** The object in the form of `resource`, or nothing. */
  find(resource: Resource, namespace: string, name: string): JsonObject | undefined {
    const stored = this.#store.get(keyOf(resource, namespace, name));
    return stored === undefined ? undefined : fromStored(stored, resource);
  }

  /** @throws StatusError 404 */
  get(target: Target): JsonObject {
    const object = this.find(target.resource, target.namespace, target.name);
    if (object === undefined) throw notFound(subjectOf(target));
    return object;
  }

  create(resource: Resource, namespace: string, object: JsonObject, context: WriteContext): JsonObject {
    const strategy = strategyOf(resource);
    conform(object, resource, this.schemas, context);
    strategy.defaults?.(object);
    placeInNamespace(object, resource, namespace);
    // Owned is what the client wrote, with its defaults; not what the server decides below.
    this.#own(resource, '', undefined, object, context);
    stampNew(object, resource, this.#clock.now(), this.#random);
    if (resource.hasStatus && resource.storage !== '/nodes') delete object.status;
    strategy.prepareCreate?.(object);
    complete(object, resource, this.schemas);
    const name = nameOf(object);
    const target = { resource, namespace: resource.namespaced ? namespace : '', name, subresource: '' };
    this.#requireNamespace(target);
    this.#refuse(object, resource, name, [
      ...metadataCauses(object, resource),
      ...schemaFlaws(object, resource, '', this.schemas),
      ...(strategy.validate?.(object, undefined) ?? []),
    ]);
    context.warnings.push(...warningsOf(object, resource));
    this.#admit('CREATE', target, object, undefined, context);
    const key = keyOf(resource, target.namespace, name);
    if (this.#store.get(key) !== undefined) throw alreadyExists(subjectOf(target));
    return this.#put(key, object, resource, context);
  }

  /**
   * Replaces an object by what `change` makes of it.
   * @param change  gets the object as stored; what it returns may share nothing with it
   */
  update(
    target: Target,
    change: (before: JsonObject) => JsonObject,
    context: WriteContext,
    options: { readonly needsRevision: boolean } = { needsRevision: false },
  ): JsonObject {
    const { resource, subresource } = target;
    const before = this.get(target);
    const next = change(cloneJson(before));
    conform(next, resource, this.schemas, context);
    strategyOf(resource).defaults?.(next);
    this.#checkIdentity(target, before, next, options.needsRevision);
    carryOver(next, before);
    restrict(next, before, target);
    if (subresource === '') strategyOf(resource).prepareUpdate?.(next, before);
    complete(next, resource, this.schemas);
    if (resource.hasGeneration && wishChanged(before, next, resource)) {
      metadataOf(next).generation = Number(metadataOf(before).generation ?? 0) + 1;
    }
    this.#refuse(next, resource, target.name, [
      ...metadataCauses(next, resource),
      ...immutableCauses(before, next),
      ...schemaFlaws(next, resource, subresource, this.schemas),
      ...(strategyOf(resource).validate?.(next, before) ?? []),
    ]);
    context.warnings.push(...warningsOf(next, resource));
    this.#admit('UPDATE', target, next, before, context);
    if (equalJson(next, before)) return before;
    const key = keyOf(resource, target.namespace, target.name);
    if (isTerminating(next) && finalizersOf(next).length === 0 && !keepsNamespace(next, resource)) {
      if (!context.dryRun) this.#store.remove(key, toStored(next, resource));
      return next;
    }
    this.#own(resource, subresource, before, next, context);
    return this.#put(key, next, resource, context);
  }

  /** Takes the object away, or marks it when finalizers hold it. `last` is its state with whatever deletion changed. */
  remove(target: Target, last: JsonObject, context: WriteContext): void {
    if (context.dryRun) return;
    const key = keyOf(target.resource, target.namespace, target.name);
    this.#store.remove(key, toStored(last, target.resource));
  }

  /** Stores a state that only the server may make, such as a deletion time. No admission, no validation. */
  mark(target: Target, next: JsonObject, context: WriteContext): JsonObject {
    return this.#put(keyOf(target.resource, target.namespace, target.name), next, target.resource, context);
  }

  admitDeletion(target: Target, before: JsonObject, context: WriteContext): void {
    this.#admit('DELETE', target, undefined, before, context);
  }

  /** The object in stored text turned into what `resource` serves. */
  parse(object: StoredText, resource: Resource): JsonObject {
    return fromStored(object, resource);
  }

  #put(key: Key, object: JsonObject, resource: Resource, context: WriteContext): JsonObject {
    if (context.dryRun) return object;
    const result = this.#store.put(key, toStored(object, resource));
    metadataOf(object).resourceVersion = String(result.revision);
    return object;
  }

  /** Records in the metadata who wrote what; an apply has done that itself. */
  #own(
    resource: Resource,
    subresource: string,
    before: JsonObject | undefined,
    after: JsonObject,
    context: WriteContext,
  ): void {
    if (context.applies === true) return;
    const write = { resource, subresource, before, after, manager: context.manager, now: this.now() };
    after.metadata = metadataOf(owned(this.schemas, write));
  }

  #refuse(object: JsonObject, resource: Resource, name: string, causes: readonly Cause[]): void {
    const kind = String(object.kind ?? resource.kind);
    const all = kind === resource.kind ? causes : [...causes, invalidValue('kind', kind, `must be ${resource.kind}`)];
    if (all.length > 0) throw invalid({ group: resource.group, kind, name }, all);
  }

  #requireNamespace(target: Target): void {
    if (!target.resource.namespaced) return;
    const key = { resource: '/namespaces', namespace: '', name: target.namespace };
    const found = this.#store.get(key);
    if (found === undefined) throw notFound({ group: '', kind: 'namespaces', name: target.namespace });
    const namespace = JSON.parse(found.body) as JsonObject;
    if (!isTerminating(namespace)) return;
    const why = `unable to create new content in namespace ${target.namespace} because it is being terminated`;
    throw forbidden(subjectOf(target), why, [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${target.namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]);
  }

  #checkIdentity(target: Target, before: JsonObject, next: JsonObject, needsRevision: boolean): void {
    const { resource, name } = target;
    const [metadata, old] = [metadataOf(next), metadataOf(before)];
    checkName(next, name);
    metadata.name = name;
    placeInNamespace(next, resource, target.namespace);
    const revision = metadata.resourceVersion ?? '';
    if (revision === '' && needsRevision && !resource.unconditionalUpdate) {
      throw invalid(subjectOf(target), [
        invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
      ]);
    }
    if (revision !== '' && revision !== old.resourceVersion) throw conflict(subjectOf(target), modified);
    if ((metadata.uid ?? '') !== '' && metadata.uid !== old.uid) {
      const path = ['/registry', resource.group, resource.plural, target.namespace, name].filter((part) => part !== '');
      throw conflict(
        subjectOf(target),
        `StorageError: invalid object, Code: 4, Key: ${path.join('/')}, ResourceVersion: 0, AdditionalErrorMsg: Precondition ` +
          `failed: UID in precondition: ${String(metadata.uid)}, UID in object meta: ${String(old.uid)}`,
      );
    }
  }

  #admit(
    operation: AdmissionReview['operation'],
    target: Target,
    object: JsonObject | undefined,
    oldObject: JsonObject | undefined,
    context: WriteContext,
  ): void {
    if (this.#hooks.length === 0) return;
    const { resource } = target;
    const review: AdmissionReview = {
      operation,
      resource: { group: resource.group, version: resource.version, resource: resource.plural },
      ...(target.subresource === '' ? {} : { subresource: target.subresource }),
      ...(resource.namespaced ? { namespace: target.namespace } : {}),
      name: target.name,
      ...(object === undefined ? {} : { object }),
      ...(oldObject === undefined ? {} : { oldObject }),
      dryRun: context.dryRun,
      userInfo: context.user,
      get: (other, namespace, name) => {
        const found = this.#registry.find(other.group, other.version, other.resource);
        return found === undefined ? undefined : this.find(found, namespace ?? '', name);
      },
    };
    context.warnings.push(...admit(this.#hooks, review, resource));
  }
}

function warningsOf(object: JsonObject, resource: Resource): string[] {
  return [...finalizerWarnings(object, resource), ...(strategyOf(resource).warnings?.(object) ?? [])];
}

/** A namespace goes when its spec.finalizers are empty as well. */
function keepsNamespace(object: JsonObject, resource: Resource): boolean {
  if (resource.storage !== '/namespaces') return false;
  const spec = object.spec as JsonObject | undefined;
  return Array.isArray(spec?.finalizers) && spec.finalizers.length > 0;
}
