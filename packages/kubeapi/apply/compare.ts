import { equalJson, type Json } from '../json.ts';
import { type FieldSet, FieldSetBuilder } from './field-set.ts';
import { fieldElement, type Path } from './path-element.ts';
import { childOf, isLeaf, itemsByElement, keysOfBoth, listOf, type Shape, shapeOf, type Type } from './typed.ts';

/** What changed between two objects. No field is in more than one of the sets. */
export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

/**
 * Compares two objects of one type, field by field.
 * @param nullIsMissing  whether a null counts as no value, as in the built-in kinds, whose Go types write null for an
 *   empty time. Default false.
 */
export function compareObjects(before: Json, after: Json, type: Type, nullIsMissing = false): Comparison {
  const changes = { removed: new FieldSetBuilder(), modified: new FieldSetBuilder(), added: new FieldSetBuilder() };
  comparePlace(before, after, { type, path: [], nullIsMissing, changes });
  const { removed, modified, added } = changes;
  return { removed: removed.build(), modified: modified.build(), added: added.build() };
}

/** The comparison without what lies in `ignored` or below. */
export function ignoring(comparison: Comparison, ignored: FieldSet): Comparison {
  const { removed, modified, added } = comparison;
  return { removed: removed.outside(ignored), modified: modified.outside(ignored), added: added.outside(ignored) };
}

interface Place {
  readonly type: Type;
  readonly path: Path;
  readonly nullIsMissing: boolean;
  readonly changes: { readonly [change in 'removed' | 'modified' | 'added']: FieldSetBuilder };
}

function comparePlace(before: Json | undefined, after: Json | undefined, place: Place): void {
  // Most of an object is as it was. What changed is compared once for each level above it, which costs less than to walk it all.
  if (equalJson(before, after)) return;
  const [shapeBefore, shapeAfter] = [shapeOf(place.type, before), shapeOf(place.type, after)];
  // Where the schema leaves the type open, it may have changed: then all of the old is gone and all of the new is added.
  const changedType = before !== undefined && after !== undefined && shapeBefore.kind !== shapeAfter.kind;
  if (changedType) compareParts(before, after, shapeBefore, place);
  const isWhole = compareParts(before, after, after === undefined ? shapeBefore : shapeAfter, place);
  if (isWhole) return;
  if (before === undefined) place.changes.added.insert(place.path);
  else if (after === undefined) place.changes.removed.insert(place.path);
}

/** Returns whether the place was compared as a whole. */
function compareParts(before: Json | undefined, after: Json | undefined, shape: Shape, place: Place): boolean {
  if (shape.kind === 'scalar' || isLeaf(shape, before, after)) {
    if (before === undefined) place.changes.added.insert(place.path);
    else if (after === undefined) place.changes.removed.insert(place.path);
    else if (!equalJson(before, after)) place.changes.modified.insert(place.path);
    return true;
  }
  if (shape.kind === 'map') {
    for (const name of keysOfBoth(before, after)) {
      const type = shape.field(name) ?? 'deduced';
      const [left, right] = [childOf(before, name), childOf(after, name)];
      // Where only one of the objects is there, a null in it is owned like any value.
      const bothThere = before !== undefined && after !== undefined;
      if (place.nullIsMissing && bothThere && (left ?? null) === null && (right ?? null) === null) continue;
      comparePlace(left, right, {
        ...place,
        type,
        path: [...place.path, fieldElement(name)],
      });
    }
    return false;
  }
  const [left, right] = [itemsByElement(shape, listOf(before)), itemsByElement(shape, listOf(after))];
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const below = { ...place, type: shape.element, path: [...place.path, element] };
    compareItems(left.get(element) ?? [], right.get(element) ?? [], below);
  }
  return false;
}

/** Compares the items of one list that share a key. Duplicates are compared as a whole, they have no parts of their own. */
function compareItems(before: readonly Json[], after: readonly Json[], place: Place): void {
  const { changes, path } = place;
  if (before.length <= 1 && after.length <= 1) {
    comparePlace(before[0], after[0], place);
  } else if (before.length >= 2 && after.length >= 2) {
    if (!equalJson([...before], [...after])) changes.modified.insert(path);
  } else if (before.length >= 2) {
    if (after.length === 1) comparePlace(undefined, after[0], place);
    changes.removed.insert(path);
  } else {
    if (before.length === 1) comparePlace(before[0], undefined, place);
    changes.added.insert(path);
  }
}
