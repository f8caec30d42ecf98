import { isObject, type JsonObject } from '../json.ts';
import { deleteObject, type Propagation } from '../objects/deletion.ts';
import { finalizersOf, isTerminating, metadataOf } from '../objects/metadata.ts';
import type { Objects } from '../objects/objects.ts';
import { keyOf as keyIn, type Target } from '../objects/target.ts';
import type { Change, Key } from '../store/store.ts';
import { type Controller, controllerContext } from './controller.ts';
import { keyOf, OwnerIndex, type OwnerReference, ownersOf, textOf } from './owner-index.ts';

type OwnerState = 'solid' | 'dangling' | 'waiting';

/**
 * Deletes what has lost all its owners, and works off the two ways of deletion that concern dependents: `orphan` lets
 * them go first, `foregroundDeletion` waits for those that block. Reads as Kubernetes' "Garbage Collection" does.
 */
export class GarbageCollector implements Controller {
  readonly name = 'garbage collector';
  readonly #objects: Objects;
  readonly #index = new OwnerIndex();

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  *keys(): Iterable<string> {
    for (const resource of this.#objects.registry.stored()) {
      for (const stored of this.#objects.store.list(resource.storage)) {
        const owned = this.#index.update(stored).length > 0;
        if (owned || stored.body.includes('"deletionTimestamp"')) yield textOf(stored);
      }
    }
  }

  *keysAfter(change: Change): Iterable<string> {
    const owners = this.#index.update(change);
    if (owners.length > 0) yield textOf(change);
    for (const owner of owners) {
      const key = this.#keyOfOwner(owner, change.namespace);
      if (key !== undefined) yield textOf(key);
    }
    // What depends on an object only cares when it goes.
    if (change.type !== 'DELETED' && !change.body.includes('"deletionTimestamp"')) return;
    yield textOf(change);
    const { uid } = metadataOf(JSON.parse(change.body) as JsonObject);
    yield* this.#index.dependentsOf(String(uid));
  }

  reconcile(text: string): void {
    const target = this.#targetOf(keyOf(text));
    const object = target && this.#objects.find(target.resource, target.namespace, target.name);
    if (target === undefined || object === undefined) return;
    if (!isTerminating(object)) this.#collect(target, object);
    else if (finalizersOf(object).includes('orphan')) this.#orphan(target, object);
    else if (finalizersOf(object).includes('foregroundDeletion')) this.#waitForDependents(target, object);
  }

  #collect(target: Target, object: JsonObject): void {
    const owners = ownersOf(object);
    if (owners.length === 0) return;
    const states = owners.map((owner) => this.#stateOf(owner, target.namespace));
    if (states.includes('solid')) {
      const lost = new Set(owners.filter((_owner, index) => states[index] !== 'solid').map(({ uid }) => uid));
      if (lost.size > 0) this.#disown(target, lost);
      return;
    }
    const propagation = states.includes('waiting') && this.#dependents(object).length > 0 ? 'Foreground' : kept(object);
    deleteObject(this.#objects, target, { propagation }, controllerContext());
  }

  #orphan(target: Target, object: JsonObject): void {
    const uid = uidOf(object);
    for (const dependent of this.#dependents(object)) this.#disown(dependent, new Set([uid]));
    this.#release(target, 'orphan');
  }

  #waitForDependents(target: Target, object: JsonObject): void {
    const uid = uidOf(object);
    const blocking = this.#dependents(object).filter(({ resource, namespace, name }) => {
      const dependent = this.#objects.find(resource, namespace, name);
      return dependent !== undefined && ownersOf(dependent).some((owner) => owner.uid === uid && owner.blocks);
    });
    if (blocking.length === 0) this.#release(target, 'foregroundDeletion');
  }

  #stateOf(owner: OwnerReference, namespace: string): OwnerState {
    const target = this.#keyOfOwner(owner, namespace);
    // An owner of a kind that is not served (yet) is not gone for that.
    if (target === undefined) return 'solid';
    const object = this.#objects.store.get(target);
    if (object === undefined) return 'dangling';
    const found = JSON.parse(object.body) as JsonObject;
    if (uidOf(found) !== owner.uid) return 'dangling';
    return isTerminating(found) && finalizersOf(found).includes('foregroundDeletion') ? 'waiting' : 'solid';
  }

  #keyOfOwner({ apiVersion, kind, name }: OwnerReference, namespace: string): Key | undefined {
    const resource = this.#objects.registry.ofKind(apiVersion, kind);
    // What is outside namespaces cannot be owned by what is in one.
    if (resource === undefined || (resource.namespaced && namespace === '')) return undefined;
    return keyIn(resource, namespace, name);
  }

  #dependents(object: JsonObject): Target[] {
    return this.#index.dependentsOf(uidOf(object)).flatMap((text) => this.#targetOf(keyOf(text)) ?? []);
  }

  #targetOf({ resource, namespace, name }: Key): Target | undefined {
    const found = this.#objects.registry.stored().find(({ storage }) => storage === resource);
    return found && { resource: found, namespace, name, subresource: '' };
  }

  #disown(target: Target, owners: ReadonlySet<string>): void {
    this.#change(target, (metadata) => {
      const references = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences.filter(isObject) : [];
      metadata.ownerReferences = references.filter(({ uid }) => !owners.has(String(uid)));
      if (metadata.ownerReferences.length === 0) delete metadata.ownerReferences;
    });
  }

  #release(target: Target, finalizer: string): void {
    this.#change(target, (metadata) => {
      const finalizers = Array.isArray(metadata.finalizers) ? metadata.finalizers : [];
      metadata.finalizers = finalizers.filter((name) => name !== finalizer);
      if (metadata.finalizers.length === 0) delete metadata.finalizers;
    });
  }

  #change(target: Target, change: (metadata: JsonObject) => void): void {
    const apply = (object: JsonObject) => {
      change(metadataOf(object));
      return object;
    };
    this.#objects.update(target, apply, controllerContext());
  }
}

const uidOf = (object: JsonObject): string => String(metadataOf(object).uid);

/** The way of deletion that the object's own finalizers ask for. */
function kept(object: JsonObject): Propagation {
  const finalizers = finalizersOf(object);
  if (finalizers.includes('orphan')) return 'Orphan';
  return finalizers.includes('foregroundDeletion') ? 'Foreground' : 'Background';
}
