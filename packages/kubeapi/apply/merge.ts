import type { Json, JsonObject } from '../json.ts';
import { setKey } from '../json.ts';
import type { PathElement } from './path-element.ts';
import { childOf, isLeaf, itemElement, keysOfBoth, type ListShape, listOf, shapeOf, type Type } from './typed.ts';

/**
 * Lays an applied configuration over an object: the applied value wins at each leaf, everything else stays. Items of a
 * keyed list or a set take the applied order.
 */
export function mergeApplied(live: Json, applied: Json, type: Type): Json {
  return mergePlace(live, applied, type) ?? {};
}

function mergePlace(live: Json | undefined, applied: Json | undefined, type: Type): Json | undefined {
  const shape = shapeOf(type, applied === undefined ? live : applied);
  if (shape.kind === 'scalar' || isLeaf(shape, live, applied)) return applied === undefined ? live : applied;
  if (shape.kind === 'list') {
    const items = mergeItems(listOf(live), listOf(applied), shape);
    return items.length > 0 ? items : undefined;
  }
  const merged: JsonObject = {};
  for (const name of keysOfBoth(live, applied)) {
    const child = mergePlace(childOf(live, name), childOf(applied, name), shape.field(name) ?? 'deduced');
    if (child !== undefined) setKey(merged, name, child);
  }
  return Object.keys(merged).length > 0 ? merged : undefined;
}

/**
 * Merges two lists item by item. Items that only the live list has stay in front of what followed them; where the applied
 * list orders shared items differently, its order wins.
 */
function mergeItems(live: readonly Json[], applied: readonly Json[], list: ListShape): Json[] {
  const left = elementsOf(live, list);
  const right = elementsOf(applied, list);
  const liveItems = firstItems(left, live);
  const appliedItems = firstItems(right, applied);
  const shared = right.filter((element) => liveItems.has(element));
  const done = new Set<PathElement>();
  const out: Json[] = [];
  const emit = (before: Json | undefined, after: Json | undefined) => {
    const item = mergePlace(before, after, list.element);
    if (item !== undefined) out.push(item);
  };

  let [l, r, nextShared] = [0, 0, 0];
  while (l < left.length || r < right.length) {
    const [onLeft, onRight] = [left[l], right[r]];
    if (onLeft !== undefined && onRight !== undefined) {
      if (onLeft === onRight) {
        done.add(onLeft);
        emit(liveItems.get(onLeft), appliedItems.get(onLeft));
        [l, r, nextShared] = [l + 1, r + 1, nextShared + 1];
        continue;
      }
      if (appliedItems.has(onLeft) && nextShared < shared.length && shared[nextShared] !== onLeft) {
        // Shared, but the applied list wants another one first.
        l += 1;
        continue;
      }
    }
    if (onLeft !== undefined) {
      if (!appliedItems.has(onLeft)) {
        emit(live[l], undefined);
        l += 1;
        continue;
      }
      if (done.has(onLeft)) l += 1;
    }
    if (onRight !== undefined) {
      done.add(onRight);
      emit(liveItems.get(onRight), appliedItems.get(onRight));
      r += 1;
      if (shared[nextShared] === onRight) nextShared += 1;
    }
  }
  return out;
}

function elementsOf(items: readonly Json[], list: ListShape): PathElement[] {
  return items.map((item, index) => {
    const element = itemElement(list, item);
    // Validated before; an item without a key in the live object stays where it is.
    return element instanceof Error ? `i:${index}` : element;
  });
}

/** The item of each element; null where a list has duplicates, since those do not merge with anything. */
function firstItems(elements: readonly PathElement[], items: readonly Json[]): Map<PathElement, Json> {
  const first = new Map<PathElement, Json>();
  elements.forEach((element, index) => {
    first.set(element, first.has(element) ? null : (items[index] ?? null));
  });
  return first;
}
