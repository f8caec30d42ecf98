import { getKey, isObject, type Json } from '../json.ts';
import { type FieldSet, FieldSetBuilder } from './field-set.ts';
import { fieldElement, type Path } from './path-element.ts';
import { isEmptyMap, itemElement, itemsByElement, listOf, shapeOf, type Type } from './typed.ts';

/** Every field that an object mentions: its leaves, the items of its lists, and the keys of its maps. */
export function fieldsOf(object: Json, type: Type): FieldSet {
  const fields = new FieldSetBuilder();
  collect(object, type, [], fields);
  return fields.build();
}

function collect(value: Json, type: Type, path: Path, fields: FieldSetBuilder): void {
  const shape = shapeOf(type, value);
  if (shape.kind === 'scalar' || (shape.kind === 'map' ? shape.atomic : shape.by === 'atomic')) {
    fields.insert(path);
    return;
  }
  if (shape.kind === 'list') {
    for (const [element, same] of itemsByElement(shape, listOf(value))) {
      const [item] = same;
      // Of duplicates nobody can own the parts.
      if (same.length === 1 && item !== undefined) collect(item, shape.element, [...path, element], fields);
      fields.insert([...path, element]);
    }
    return;
  }
  for (const [name, child] of Object.entries(isObject(value) ? value : {})) {
    const below = [...path, fieldElement(name)];
    collect(child, shape.field(name) ?? 'deduced', below, fields);
    // A declared struct is not owned itself, a key of a map is; what is empty can only be owned as itself.
    if (child === null || (isObject(child) && isEmptyMap(child)) || !shape.declares(name)) fields.insert(below);
  }
}

/**
 * The set with every declared field added of which only children are members. Then a struct goes away as a whole with the
 * last field in it, while a map that others may fill stays.
 */
export function withDeclaredParents(fields: FieldSet, type: Type): FieldSet {
  const builder = new FieldSetBuilder();
  for (const path of fields.paths()) {
    builder.insert(path);
    let at: Type | undefined = type;
    path.slice(0, -1).forEach((element, depth) => {
      if (at === undefined) return;
      const shape = shapeOf(at, element.startsWith('f:') ? undefined : []);
      const name = element.slice(2);
      if (element.startsWith('f:') && shape.kind === 'map') {
        if (shape.declares(name)) builder.insert(path.slice(0, depth + 1));
        at = shape.field(name);
      } else if (element.startsWith('k:') && shape.kind === 'list') {
        at = shape.element;
      } else {
        at = undefined;
      }
    });
  }
  return builder.build();
}

/**
 * The object without the fields in `unwanted`. What becomes empty by that goes too, and atomic parts go as a whole.
 * Undefined if nothing is left.
 */
export function withoutFields(value: Json, unwanted: FieldSet, type: Type): Json | undefined {
  const shape = shapeOf(type, value);
  if (shape.kind === 'scalar') return value;
  if (shape.kind === 'list') {
    if (shape.by === 'atomic') return undefined;
    const kept = listOf(value).flatMap((item) => {
      const element = itemElement(shape, item);
      if (element instanceof Error || unwanted.members.has(element)) return element instanceof Error ? [item] : [];
      const below = unwanted.below(element);
      const left = below.isEmpty ? item : withoutFields(item, below, shape.element);
      return left === undefined ? [] : [left];
    });
    return kept.length > 0 ? kept : undefined;
  }
  if (shape.atomic || !isObject(value)) return undefined;
  const kept = Object.keys(value).flatMap((name): [string, Json][] => {
    const child = getKey(value, name) ?? null;
    const element = fieldElement(name);
    if (unwanted.members.has(element)) return [];
    const below = unwanted.below(element);
    const left = below.isEmpty ? child : withoutFields(child, below, shape.field(name) ?? 'deduced');
    return left === undefined ? [] : [[name, left]];
  });
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
