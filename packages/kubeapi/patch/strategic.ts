import { goText } from '../go-text.ts';
import { getKey, isObject, type Json, type JsonObject, setKey } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import {
  badPatch,
  deleteFromListPrefix,
  directedField,
  elementOrderPrefix,
  misfit,
  patchDirective,
  plainValue,
  retainKeys,
  withoutNulls,
} from './strategic-directives.ts';
import {
  checkElementOrder,
  deleteFromList,
  elementType,
  type ListMerge,
  mergeList,
  orderList,
} from './strategic-list.ts';

/**
 * Applies a Kubernetes strategic merge patch: like a merge patch, but lists whose schema says so merge by key or as sets,
 * and directives (`$patch`, `$retainKeys`, `$setElementOrder/...`, `$deleteFromPrimitiveList/...`) steer the rest.
 *
 * Pure: no argument is changed. Only built-in kinds have the schema for it; for custom ones the API answers 415.
 * @param schema  what `schemaFor` gives for the kind of `target`.
 * @throws FieldError `BadRequest` or `InternalError`, with the texts of the original.
 */
export function strategicMergePatch(target: Json, patch: Json, schema: Schema): Json {
  if (!isObject(patch)) throw badPatch('invalid JSON document');
  return mergeObject(isObject(target) ? target : {}, patch, schema);
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const directive = getKey(patch, patchDirective);
  if (directive !== undefined) return wholeObject(directive, patch);
  const merged = { ...original };
  const rest = { ...patch };
  retainKeys(merged, rest);
  mergeOrderedLists(merged, rest, schema);
  for (const [key, value] of Object.entries(rest)) {
    const deletes = key.startsWith(deleteFromListPrefix);
    const name = deletes ? directedField(key, deleteFromListPrefix) : key;
    if (value === null) {
      delete merged[name];
      continue;
    }
    const before = getKey(merged, name);
    if (isObject(before) && isObject(value)) {
      setKey(merged, name, mergeField(before, value, fieldOf(schema, name)));
    } else if (Array.isArray(before) && Array.isArray(value)) {
      const field = fieldOf(schema, name);
      const list = listMerge(field);
      if (deletes) setKey(merged, name, deleteFromList(before, value, list));
      else setKey(merged, name, strategyOf(field) === 'merge' ? mergeList(before, value, list) : withoutNulls(value));
    } else if (!deletes) {
      put(merged, name, plainValue(value));
    }
  }
  return merged;
}

function wholeObject(directive: Json, patch: JsonObject): JsonObject {
  if (directive === 'delete') return {};
  if (directive !== 'replace') {
    throw misfit(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  }
  const { [patchDirective]: _directive, ...whole } = patch;
  return withoutNulls(whole) as JsonObject;
}

function mergeField(original: JsonObject, patch: JsonObject, field: Schema): JsonObject {
  return strategyOf(field) === 'replace' ? (withoutNulls(patch) as JsonObject) : mergeObject(original, patch, field);
}

/** Merges every list that the patch gives an order for, and takes list and order out of the patch. */
function mergeOrderedLists(merged: JsonObject, patch: JsonObject, schema: Schema): void {
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(elementOrderPrefix)) continue;
    delete patch[key];
    if (!Array.isArray(order)) throw misfit('expected a []interface {}, but received another type');
    const name = directedField(key, elementOrderPrefix);
    const field = fieldOf(schema, name);
    if (field.type !== 'array') throw misfit(`expected slice or array type for the field "${name}"`);
    const live = listAt(merged, name);
    const changed = listAt(patch, name);
    const list = listMerge(field);
    checkElementOrder(changed ?? [], order, list.mergeKey);
    if (live === undefined && changed === undefined) continue;
    elementType(live ?? [], changed ?? []);
    setKey(merged, name, orderList(mergedList(live, changed, field, list), order, live ?? [], list.mergeKey));
    delete patch[name];
  }
}

function mergedList(live: Json[] | undefined, changed: Json[] | undefined, field: Schema, list: ListMerge): Json[] {
  if (changed === undefined) return live ?? [];
  if (live === undefined) return plainValue(changed) as Json[];
  return strategyOf(field) === 'merge' ? mergeList(live, changed, list) : (withoutNulls(changed) as Json[]);
}

function listMerge(field: Schema): ListMerge {
  const elements = field.items ?? {};
  return {
    mergeKey: field['x-kubernetes-patch-merge-key'] ?? '',
    mergeElement: (original, patch) => mergeObject(original, patch, elements),
  };
}

/** `merge`, `replace` or none; `retainKeys` stands beside it and changes nothing on this side. */
function strategyOf(field: Schema): string | undefined {
  return field['x-kubernetes-patch-strategy']?.split(',').find((strategy) => strategy !== 'retainKeys');
}

function fieldOf(schema: Schema, name: string): Schema {
  const own = schema.properties;
  if (own !== undefined && Object.hasOwn(own, name)) return own[name] ?? {};
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties;
  // A typed object has no such field; a node without properties is one where the schema stops (fieldsV1, JSON).
  if (own !== undefined) throw misfit(`unable to find api field in struct for the json field "${name}"`);
  return {};
}

function listAt(object: JsonObject, name: string): Json[] | undefined {
  const value = getKey(object, name);
  if (value === undefined || Array.isArray(value)) return value;
  throw misfit('expected a []interface {}, but received another type');
}

function put(object: JsonObject, name: string, value: Json | undefined): void {
  if (value === undefined) delete object[name];
  else setKey(object, name, value);
}
