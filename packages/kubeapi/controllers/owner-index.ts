import { isObject, type Json, type JsonObject } from '../json.ts';
import { metadataOf } from '../objects/metadata.ts';
import type { Change, Key, Stored } from '../store/store.ts';

/** An entry of metadata.ownerReferences. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly blocks: boolean;
}

export function ownersOf(object: JsonObject): OwnerReference[] {
  const { ownerReferences } = metadataOf(object);
  const references: Json[] = Array.isArray(ownerReferences) ? ownerReferences : [];
  return references.filter(isObject).map((reference) => ({
    apiVersion: String(reference.apiVersion),
    kind: String(reference.kind),
    name: String(reference.name),
    uid: String(reference.uid),
    blocks: reference.blockOwnerDeletion === true,
  }));
}

/** A key as text and back: none of its parts can hold a `|`. */
export const textOf = ({ resource, namespace, name }: Key): string => `${resource}|${namespace}|${name}`;
export function keyOf(text: string): Key {
  const [resource = '', namespace = '', name = ''] = text.split('|');
  return { resource, namespace, name };
}

/** Who is owned by whom, by the owner's uid. Holds only objects that have owners, which are few. */
export class OwnerIndex {
  readonly #dependents = new Map<string, Set<string>>();
  readonly #owners = new Map<string, readonly OwnerReference[]>();

  /** Keys of the objects that name `uid` as an owner. */
  dependentsOf(uid: string): readonly string[] {
    return [...(this.#dependents.get(uid) ?? [])];
  }

  /** Takes a change in. @returns the owners before and after it */
  update(change: Stored & Partial<Pick<Change, 'type'>>): readonly OwnerReference[] {
    const key = textOf(change);
    const before = this.#owners.get(key) ?? [];
    const after = change.type === 'DELETED' ? [] : ownersIn(change.body);
    for (const { uid } of before) {
      const known = this.#dependents.get(uid);
      known?.delete(key);
      if (known?.size === 0) this.#dependents.delete(uid);
    }
    for (const { uid } of after) {
      const known = this.#dependents.get(uid) ?? new Set();
      this.#dependents.set(uid, known.add(key));
    }
    if (after.length > 0) this.#owners.set(key, after);
    else this.#owners.delete(key);
    return [...before, ...after];
  }
}

/** Most objects have no owners: their text tells without being parsed. */
function ownersIn(body: string): OwnerReference[] {
  return body.includes('"ownerReferences"') ? ownersOf(JSON.parse(body) as JsonObject) : [];
}
