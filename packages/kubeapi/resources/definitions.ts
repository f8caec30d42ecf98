import type { Clock } from '@selvedge/base/clock';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { WriteContext } from '../objects/context.ts';
import { definitionCleanup, deleteObject } from '../objects/deletion.ts';
import { finalizersOf, isTerminating, metadataOf, nameOf, timestamp } from '../objects/metadata.ts';
import type { Objects } from '../objects/objects.ts';
import type { Target } from '../objects/target.ts';
import type { Resource } from './resource.ts';

/**
 * Makes CustomResourceDefinitions work: accepts their names, serves what they define, and on deletion takes away the
 * objects first. Runs inside the write that concerns it, so what a client created is served when it has the answer.
 */
export class Definitions {
  readonly #objects: Objects;
  readonly #clock: Clock;
  readonly #resource: Resource;
  readonly #context: WriteContext;

  constructor(objects: Objects, clock: Clock, context: WriteContext) {
    const resource = objects.registry.require('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    this.#objects = objects;
    this.#clock = clock;
    this.#resource = resource;
    this.#context = context;
  }

  /** Brings the registry and the definition's status in line with the definition as it is now. */
  changed(name: string): void {
    const definition = this.#objects.find(this.#resource, '', name);
    if (definition === undefined) {
      this.#objects.registry.undefine(name);
      return;
    }
    if (isTerminating(definition)) {
      this.#cleanUp(definition);
      return;
    }
    const status = this.#statusOf(definition);
    if (JSON.stringify(status) !== JSON.stringify(definition.status)) {
      this.#objects.update(
        { ...this.#target(name), subresource: 'status' },
        (before) => ({ ...before, status }),
        this.#context,
      );
    }
    if (conditionOf(status, 'Established')?.status === 'True') this.#objects.registry.define(definition);
  }

  #cleanUp(definition: JsonObject): void {
    const name = nameOf(definition);
    const spec = definition.spec as JsonObject;
    const names = spec.names as JsonObject;
    const served = this.#objects.registry
      .all()
      .find(
        (resource) =>
          resource.group === spec.group && resource.plural === names.plural && resource.custom !== undefined,
      );
    const storage = `${String(spec.group)}/${String(names.plural)}`;
    if (served !== undefined) {
      for (const { namespace, name: instance } of this.#objects.store.list(storage)) {
        deleteObject(
          this.#objects,
          { resource: served, namespace, name: instance, subresource: '' },
          {},
          this.#context,
        );
      }
    }
    // Objects with finalizers keep their kind alive until they are let go.
    if (this.#objects.store.count(storage) > 0) return;
    this.#objects.registry.undefine(name);
    if (!finalizersOf(definition).includes(definitionCleanup)) return;
    this.#objects.update(
      this.#target(name),
      (before) => {
        metadataOf(before).finalizers = finalizersOf(before).filter((finalizer) => finalizer !== definitionCleanup);
        return before;
      },
      this.#context,
    );
  }

  #target(name: string): Target {
    return { resource: this.#resource, namespace: '', name, subresource: '' };
  }

  #statusOf(definition: JsonObject): JsonObject {
    const spec = definition.spec as JsonObject;
    const names = spec.names as JsonObject;
    const before = isObject(definition.status) ? definition.status : {};
    const rival = this.#rivalOf(definition);
    const accepted =
      rival === undefined
        ? { status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
        : { status: 'False', reason: 'ListKindConflict', message: rival };
    const established =
      rival === undefined
        ? { status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
        : { status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
    const versions = Array.isArray(spec.versions) ? spec.versions.filter(isObject) : [];
    const stored = new Set(Array.isArray(before.storedVersions) ? before.storedVersions.map(String) : []);
    for (const version of versions) if (version.storage === true) stored.add(String(version.name));
    return {
      conditions: [
        this.#condition(before, 'NamesAccepted', accepted),
        this.#condition(before, 'Established', established),
      ],
      acceptedNames: rival === undefined ? names : (before.acceptedNames ?? { plural: '', kind: '' }),
      storedVersions: [...stored],
    };
  }

  #condition(before: JsonObject, type: string, now: { status: string; reason: string; message: string }): JsonObject {
    const old = conditionOf(before, type);
    const since = old?.status === now.status ? old.lastTransitionTime : undefined;
    return {
      type,
      status: now.status,
      lastTransitionTime: since ?? timestamp(this.#clock.now()),
      reason: now.reason,
      message: now.message,
    };
  }

  /** Another definition of the same group that has a name of this one already. */
  #rivalOf(definition: JsonObject): string | undefined {
    const spec = definition.spec as JsonObject;
    const names = spec.names as JsonObject;
    for (const other of this.#objects.registry.all()) {
      if (other.group !== spec.group || other.plural === names.plural) continue;
      if (other.kind === names.kind) return `"${other.kind}" is already in use`;
      if (other.singular === names.singular) return `"${other.singular}" is already in use`;
    }
    return undefined;
  }
}

function conditionOf(status: JsonObject, type: string): JsonObject | undefined {
  const conditions: Json[] = Array.isArray(status.conditions) ? status.conditions : [];
  return conditions.filter(isObject).find((condition) => condition.type === type);
}
