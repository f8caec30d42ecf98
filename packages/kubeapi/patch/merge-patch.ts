import { rejected } from '@selvedge/base/errors';
import { getKey, isObject, type Json, type JsonObject, setKey } from '../json.ts';

/**
 * Applies a JSON merge patch (RFC 7396) to an object: null removes, objects merge, everything else replaces.
 *
 * Pure: neither argument is changed. As in Kubernetes, nulls are also dropped from objects inside a list that the
 * patch brings, where the RFC would keep the list word for word.
 * @throws FieldError `BadRequest` if the patch is no object; that would replace the whole resource.
 */
export function mergePatch(target: Json, patch: Json): Json {
  if (patch === null) throw rejected('BadRequest', 'Invalid JSON Patch');
  if (!isObject(patch)) throw rejected('BadRequest', `error decoding patch: expected an object, got ${kindOf(patch)}`);
  return mergeObjects(isObject(target) ? target : {}, patch);
}

function mergeObjects(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[key];
      continue;
    }
    const before = getKey(target, key);
    setKey(merged, key, isObject(value) && isObject(before) ? mergeObjects(before, value) : withoutNulls(value));
  }
  return merged;
}

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    if (child !== null) setKey(kept, key, withoutNulls(child));
  }
  return kept;
}

function kindOf(value: Json): string {
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
