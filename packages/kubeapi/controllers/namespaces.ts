import { isObject, type JsonObject } from '../json.ts';
import { deleteObject } from '../objects/deletion.ts';
import { isTerminating } from '../objects/metadata.ts';
import type { Objects } from '../objects/objects.ts';
import type { Resource } from '../resources/resource.ts';
import type { Change } from '../store/store.ts';
import { type Controller, controllerContext } from './controller.ts';

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
    return change.type === 'DELETED' && change.namespace !== '' ? [change.namespace] : [];
  }

  reconcile(name: string): void {
    const namespace = this.#objects.find(this.#resource, '', name);
    if (namespace === undefined || !isTerminating(namespace)) return;
    if (this.#empty(name)) {
      this.#objects.update(
        { resource: this.#resource, namespace: '', name, subresource: 'finalize' },
        released,
        controllerContext(),
      );
    }
  }

  /** Deletes what is inside. @returns whether nothing was; what has finalizers stays until they are gone */
  #empty(namespace: string): boolean {
    const { store, registry } = this.#objects;
    let deleted = 0;
    let found = 0;
    for (const resource of registry.stored()) {
      if (!resource.namespaced) continue;
      for (const stored of store.list(resource.storage, namespace)) {
        found += 1;
        if (deleted >= batch) return false;
        if (isTerminating(this.#objects.parse(stored, resource))) continue;
        const target = { resource, namespace, name: stored.name, subresource: '' };
        deleteObject(this.#objects, target, {}, controllerContext());
        deleted += 1;
      }
    }
    return found === 0;
  }
}

function released(namespace: JsonObject): JsonObject {
  const spec = isObject(namespace.spec) ? namespace.spec : {};
  const finalizers = Array.isArray(spec.finalizers) ? spec.finalizers : [];
  return { ...namespace, spec: { ...spec, finalizers: finalizers.filter((finalizer) => finalizer !== 'kubernetes') } };
}
