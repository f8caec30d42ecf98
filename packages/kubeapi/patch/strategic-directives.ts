import { type FieldError, rejected } from '@selvedge/base/errors';
import { getKey, isObject, type Json, type JsonObject, setKey } from '../json.ts';

/** Beside the fields of an object: `replace` or `delete` it as a whole. In a list element: delete, or replace the list. */
export const patchDirective = '$patch';
/** Names the fields that stay; all others go. How a union changes its member. */
export const retainKeysDirective = '$retainKeys';
/** `$setElementOrder/FIELD`: the order that the sender of the patch wants for a list. */
export const elementOrderPrefix = '$setElementOrder';
/** `$deleteFromPrimitiveList/FIELD`: the scalars to take out of a list. */
export const deleteFromListPrefix = '$deleteFromPrimitiveList';

/** A patch that the original answers with 400. */
export const badPatch = (text: string): FieldError => rejected('BadRequest', text);

/** A patch that does not fit the object; the original answers 500 and prints values as Go does. */
export const misfit = (text: string): FieldError => rejected('InternalError', text);

/** The field that `$setElementOrder/FIELD` or `$deleteFromPrimitiveList/FIELD` speaks of. */
export function directedField(key: string, prefix: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  const list = prefix === elementOrderPrefix ? 'setElementOrder list' : 'primitive list';
  throw badPatch(`invalid patch format of ${list}`);
}

/**
 * Takes the `$retainKeys` directive out of `patch` and drops what it does not name from `merged`.
 * Changes both, which are the caller's own copies.
 */
export function retainKeys(merged: JsonObject, patch: JsonObject): void {
  const retained = getKey(patch, retainKeysDirective);
  if (retained === undefined) return;
  delete patch[retainKeysDirective];
  if (!Array.isArray(retained)) throw badPatch('invalid patch format of retainKeys');
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key.startsWith(deleteFromListPrefix) || key.startsWith(elementOrderPrefix);
    if (value === null || isDirective || retained.includes(key)) continue;
    throw badPatch('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(merged)) if (!retained.includes(key)) delete merged[key];
}

/**
 * What a part of the patch means where the object has nothing to merge it with: without nulls, and without objects that
 * carry a `$patch` directive. Undefined if the part is such an object itself.
 */
export function plainValue(value: Json): Json | undefined {
  if (Array.isArray(value)) return value.map(plainValue).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, patchDirective)) return undefined;
  const plain: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    const kept = child === null ? undefined : plainValue(child);
    if (kept !== undefined) setKey(plain, key, kept);
  }
  return plain;
}

/** The value without nulls; a typed server has no place for them. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, child] of Object.entries(value)) if (child !== null) setKey(kept, key, withoutNulls(child));
  return kept;
}
