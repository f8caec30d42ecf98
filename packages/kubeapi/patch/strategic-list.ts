import { goText } from '../go-text.ts';
import { getKey, isObject, type Json, type JsonObject } from '../json.ts';
import { badPatch, misfit, patchDirective, withoutNulls } from './strategic-directives.ts';

/** How the elements of one list are told apart and merged. */
export interface ListMerge {
  /** The field that names an element; empty in a list of scalars. */
  readonly mergeKey: string;
  mergeElement(original: JsonObject, patch: JsonObject): JsonObject;
}

/** Merges two lists whose patch strategy is `merge`: by key, or as sets of scalars. Patch order goes before live order. */
export function mergeList(original: Json[], patch: Json[], list: ListMerge): Json[] {
  if (original.length === 0 && patch.length === 0) return original;
  if (elementType(original, patch) !== 'object') {
    const merged = [...new Set([...original, ...patch])];
    return orderList(merged, patch, original, '');
  }
  if (list.mergeKey === '') throw misfit('cannot merge lists without merge key');
  const { kept, additions } = obeyDirectives(original, patch, list.mergeKey);
  const merged = [...kept];
  for (const element of additions) {
    const wanted = keyOf(element, list.mergeKey);
    const at = merged.findIndex((other) => asObject(other)[list.mergeKey] === wanted);
    if (at < 0) merged.push(withoutNulls(element));
    else merged[at] = list.mergeElement(asObject(merged[at]), asObject(element));
  }
  return orderList(merged, additions, kept, list.mergeKey);
}

/** The list without the scalars in `unwanted`. */
export function deleteFromList(original: Json[], unwanted: Json[], list: ListMerge): Json[] {
  if (original.length === 0 && unwanted.length === 0) return original;
  if (elementType(original, unwanted) === 'object') return mergeList(original, unwanted, list);
  return original.filter((value) => !unwanted.includes(value));
}

/**
 * Sorts a merged list. What `order` names stands in that order; the rest keeps the order of the live list, and of two
 * elements that the live list knows, the earlier one goes first.
 */
export function orderList(merged: Json[], order: Json[], live: Json[], mergeKey: string): Json[] {
  const place = (list: Json[]) => {
    const places = new Map<Json, number>();
    list.forEach((element, index) => {
      const key = identity(element, mergeKey);
      if (!places.has(key)) places.set(key, index);
    });
    return (element: Json) => places.get(identity(element, mergeKey)) ?? -1;
  };
  const [inOrder, inLive] = [place(order), place(live)];
  const ordered = merged.filter((element) => inOrder(element) >= 0).sort((a, b) => inOrder(a) - inOrder(b));
  const others = merged.filter((element) => inOrder(element) < 0).sort((a, b) => inLive(a) - inLive(b));
  const result: Json[] = [];
  for (const element of ordered) {
    const at = inLive(element);
    // Only elements that the live list knows can say which came first; a new one goes before all that are left.
    while (at >= 0 && others[0] !== undefined && inLive(others[0]) >= 0 && inLive(others[0]) < at) {
      result.push(...others.splice(0, 1));
    }
    result.push(element);
  }
  return [...result, ...others];
}

/** Refuses a patch list whose elements do not all stand in `order`, in the same relative order. */
export function checkElementOrder(patch: Json[], order: Json[], mergeKey: string): void {
  if (patch.length === 0 || order.length === 0) return;
  const wanted = patch.filter((element) => !(isObject(element) && Object.hasOwn(element, patchDirective)));
  let next = 0;
  for (const element of order) {
    const candidate = wanted[next];
    if (candidate !== undefined && identity(candidate, mergeKey) === identity(element, mergeKey)) next += 1;
  }
  if (next >= wanted.length) return;
  throw misfit(`The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`);
}

/** The one type of all elements of both lists. */
export function elementType(...lists: Json[][]): string {
  const types = new Set(lists.flat().map((value) => (value === null ? 'null' : typeof value)));
  if (lists.flat().some(Array.isArray)) throw badPatch('lists of lists are not supported');
  if (types.size > 1) throw misfit(`list element types are not identical: ${goText(lists)}`);
  const [type] = types;
  if (type === undefined) throw misfit('no elements in any of the given slices');
  return type;
}

function obeyDirectives(original: Json[], patch: Json[], mergeKey: string): { kept: Json[]; additions: Json[] } {
  let kept = original;
  let replaces = false;
  const additions: Json[] = [];
  for (const element of patch) {
    const directive = getKey(asObject(element), patchDirective);
    if (directive === undefined) {
      additions.push(element);
    } else if (directive === 'delete') {
      const unwanted = keyOf(element, mergeKey);
      kept = kept.filter((other) => asObject(other)[mergeKey] !== unwanted);
    } else if (directive === 'replace') {
      replaces = true;
    } else if (directive === 'merge') {
      throw misfit('merging lists cannot yet be specified in the patch');
    } else {
      throw misfit(`unknown patch type: ${goText(directive)} in map: ${goText(element)}`);
    }
  }
  return replaces ? { kept: additions.map(withoutNulls), additions: [] } : { kept, additions };
}

function identity(element: Json, mergeKey: string): Json {
  return mergeKey === '' ? element : keyOf(element, mergeKey);
}

function keyOf(element: Json, mergeKey: string): Json {
  const value = getKey(asObject(element), mergeKey);
  if (value === undefined) throw misfit(`map: ${goText(element)} does not contain declared merge key: ${mergeKey}`);
  return value;
}

function asObject(element: Json | undefined): JsonObject {
  if (isObject(element)) return element;
  throw misfit(`expected a map[string]interface {}, but received a ${element === null ? 'nil' : typeof element}`);
}
