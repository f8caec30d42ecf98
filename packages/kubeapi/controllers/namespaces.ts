import { isObject, type JsonObject } from '../json.ts';
import { deleteObject } from '../objects/deletion.ts';
import { finalizersOf, isTerminating } from '../objects/metadata.ts';
import type { Objects } from '../objects/objects.ts';
import type { Resource } from '../resources/resource.ts';
import type { Change } from '../store/store.ts';
import { type Controller, controllerContext } from './controller.ts';
import { type Remaining, remainingConditions } from './namespace-conditions.ts';

/** Objects deleted in one turn; their deletion brings the namespace up again. */
const batch = 100;

/** Empties a namespace that is being deleted, then lets it go. The key is its name. */
export class NamespaceController implements Controller {
  readonly name = 'namespaces';
  readonly #objects: Objects;
  readonly #resource: Resource;

  constructor(objects: Objects) {
    this.#objects = objects;
    this.#resource = objects.registry.require('', 'v1', 'namespaces');
  }

  keys(): Iterable<string> {
    return this.#objects.store.list(this.#resource.storage).map(({ name }) => name);
  }

  keysAfter(change: Change): Iterable<string> {
    if (change.resource === this.#resource.storage) return [change.name];
    const ending = change.type === 'DELETED' || change.body.includes('"deletionTimestamp"');
    return ending && change.namespace !== '' ? [change.namespace] : [];
  }

  reconcile(name: string): void {
    const namespace = this.#objects.find(this.#resource, '', name);
    if (namespace === undefined || !isTerminating(namespace)) return;
    const remaining = this.#empty(name);
    if (remaining === undefined) return;
    if (remaining.length === 0) this.#change(name, 'finalize', released);
    else this.#change(name, 'status', (before) => explained(before, remaining, this.#objects.now()));
  }

  /** Deletes what is inside. @returns what stays until its finalizers are gone; undefined when there is more to delete */
  #empty(namespace: string): Remaining[] | undefined {
    const { store, registry } = this.#objects;
    const remaining: Remaining[] = [];
    let deleted = 0;
    for (const resource of registry.stored()) {
      if (!resource.namespaced) continue;
      for (const stored of store.list(resource.storage, namespace)) {
        const object = this.#objects.parse(stored, resource);
        if (isTerminating(object)) {
          remaining.push({ kind: `${resource.plural}.${resource.group}`, finalizers: finalizersOf(object) });
          continue;
        }
        if (deleted >= batch) return undefined;
        const target = { resource, namespace, name: stored.name, subresource: '' };
        deleteObject(this.#objects, target, {}, controllerContext());
        deleted += 1;
      }
    }
    // The deletions bring the namespace up again.
    return deleted === 0 ? remaining : undefined;
  }

  #change(name: string, subresource: string, change: (namespace: JsonObject) => JsonObject): void {
    const target = { resource: this.#resource, namespace: '', name, subresource };
    this.#objects.update(target, change, controllerContext());
  }
}

function explained(namespace: JsonObject, remaining: readonly Remaining[], now: number): JsonObject {
  const status = isObject(namespace.status) ? namespace.status : {};
  return { ...namespace, status: { ...status, conditions: remainingConditions(remaining, status.conditions, now) } };
}

function released(namespace: JsonObject): JsonObject {
  const spec = isObject(namespace.spec) ? namespace.spec : {};
  const finalizers = Array.isArray(spec.finalizers) ? spec.finalizers : [];
  return { ...namespace, spec: { ...spec, finalizers: finalizers.filter((finalizer) => finalizer !== 'kubernetes') } };
}
