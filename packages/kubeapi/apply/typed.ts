import { getKey, isObject, type Json, type JsonObject, setKey } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import { keyElement, type PathElement, valueElement } from './path-element.ts';

/**
 * What the schema says about one place. `keepsUnknown` is inherited downwards from
 * `x-kubernetes-preserve-unknown-fields`. A place without a schema takes the shape of the value that stands there: maps
 * merge, lists are atomic (`deduced`); below such a list everything is atomic (`opaque`).
 */
export type Type = { readonly schema: Schema; readonly keepsUnknown: boolean } | 'deduced' | 'opaque';

/** How a place merges: a scalar, or a map or list whose parts are owned one by one unless it is atomic. */
export type Shape =
  | { readonly kind: 'scalar'; readonly scalar: 'number' | 'string' | 'boolean' | 'any' }
  | {
      readonly kind: 'map';
      readonly atomic: boolean;
      field(name: string): Type | undefined;
      declares(name: string): boolean;
    }
  | {
      readonly kind: 'list';
      readonly by: 'atomic' | 'set' | 'keys';
      readonly keys: readonly string[];
      readonly element: Type;
    };

/** The type of a whole object of the kind that `schema` describes. */
export function rootType(schema: Schema): Type {
  return typeOf(schema, false);
}

/** The shape at a place. The value decides only where the schema leaves it open. */
export function shapeOf(type: Type, value: Json | undefined): Shape {
  if (type === 'deduced' || type === 'opaque') return schemalessShape(type, value);
  switch (type.schema.type) {
    case 'object':
      return mapShape(type.schema, type.keepsUnknown);
    case 'array':
      return listShape(type.schema, type.keepsUnknown);
    case 'integer':
    case 'number':
      return { kind: 'scalar', scalar: 'number' };
    case 'boolean':
      return { kind: 'scalar', scalar: 'boolean' };
    case 'string':
      // Quantities, times and the like may come as numbers.
      return {
        kind: 'scalar',
        scalar: [undefined, 'byte'].includes(type.schema.format) && !type.schema.oneOf ? 'string' : 'any',
      };
    default:
      if (Array.isArray(value)) return listShape(type.schema, type.keepsUnknown);
      if (isObject(value) || value === null || value === undefined) return mapShape(type.schema, type.keepsUnknown);
      return { kind: 'scalar', scalar: 'any' };
  }
}

function typeOf(schema: Schema, keepsUnknown: boolean): Type {
  return { schema, keepsUnknown: keepsUnknown || schema['x-kubernetes-preserve-unknown-fields'] === true };
}

function schemalessShape(type: 'deduced' | 'opaque', value: Json | undefined): Shape {
  if (Array.isArray(value)) return { kind: 'list', by: 'atomic', keys: [], element: 'opaque' };
  if (isObject(value) || value === null || value === undefined) {
    return { kind: 'map', atomic: type === 'opaque', field: () => type, declares: () => false };
  }
  return { kind: 'scalar', scalar: 'any' };
}

function mapShape(schema: Schema, keepsUnknown: boolean): Shape {
  const properties = schema.properties ?? {};
  const declares = (name: string) => Object.hasOwn(properties, name);
  const others = otherFields(schema, keepsUnknown);
  return {
    kind: 'map',
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    declares,
    field: (name) => {
      const own = declares(name) ? properties[name] : undefined;
      return own === undefined ? others : typeOf(own, keepsUnknown);
    },
  };
}

function otherFields(schema: Schema, keepsUnknown: boolean): Type | undefined {
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') return typeOf(additionalProperties, keepsUnknown);
  if (additionalProperties !== undefined) return additionalProperties ? 'deduced' : undefined;
  return keepsUnknown || Object.keys(schema.properties ?? {}).length === 0 ? 'deduced' : undefined;
}

function listShape(schema: Schema, keepsUnknown: boolean): Shape {
  const element = schema.items === undefined ? 'opaque' : typeOf(schema.items, keepsUnknown);
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'map')
    return { kind: 'list', by: 'keys', keys: schema['x-kubernetes-list-map-keys'] ?? [], element };
  if (listType === 'set') return { kind: 'list', by: 'set', keys: [], element };
  const strategy = schema['x-kubernetes-patch-strategy'];
  if (listType === undefined && (strategy === 'merge' || strategy === 'merge,retainKeys')) {
    const key = schema['x-kubernetes-patch-merge-key'];
    return key === undefined
      ? { kind: 'list', by: 'set', keys: [], element }
      : { kind: 'list', by: 'keys', keys: [key], element };
  }
  return { kind: 'list', by: 'atomic', keys: [], element };
}

/** The list part of {@link Shape}. */
export type ListShape = Extract<Shape, { kind: 'list' }>;

/**
 * The path element of a list's item, or the reason why it has none, in the original's words.
 * Keys left out take the schema's default (a port's protocol is TCP).
 */
export function itemElement(list: ListShape, item: Json): PathElement | Error {
  if (list.by === 'set') {
    if (isObject(item)) return new Error("associative list without keys has an element that's a map type");
    if (Array.isArray(item)) return new Error('not supported: associative list with lists as elements');
    if (item === null) return new Error("associative list without keys has an element that's an explicit null");
    return valueElement(item);
  }
  if (item === null) return new Error('associative list with keys may not have a null element');
  if (!isObject(item)) return new Error('associative list with keys may not have non-map elements');
  const keys: JsonObject = {};
  for (const name of list.keys) {
    const value = getKey(item, name) ?? defaultOf(list.element, name);
    if (value !== undefined) setKey(keys, name, value);
  }
  if (Object.keys(keys).length > 0) return keyElement(keys);
  const names = list.keys.map((name) => JSON.stringify(name)).join(' ');
  const reason = `associative list with keys has an element that omits all key fields [${names}]`;
  return new Error(`${reason} (and doesn't have default values for any key fields)`);
}

/** Items by path element, in the order of the list; one element has several items where a list has duplicates. */
export function itemsByElement(list: ListShape, items: readonly Json[]): Map<PathElement, Json[]> {
  const grouped = new Map<PathElement, Json[]>();
  for (const item of items) {
    const element = itemElement(list, item);
    if (element instanceof Error) continue;
    const same = grouped.get(element);
    if (same === undefined) grouped.set(element, [item]);
    else same.push(item);
  }
  return grouped;
}

/** The union of two objects' keys; null and a missing object count as empty. */
export function keysOfBoth(a: Json | undefined, b: Json | undefined): Set<string> {
  return new Set([...Object.keys(isObject(a) ? a : {}), ...Object.keys(isObject(b) ? b : {})]);
}

export const childOf = (object: Json | undefined, key: string): Json | undefined =>
  isObject(object) ? getKey(object, key) : undefined;

export const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

export const isEmptyMap = (value: Json | undefined): boolean => !isObject(value) || Object.keys(value).length === 0;

/** Whether a map or list merges as a whole: atomic, or empty on both sides (then null, {} and missing stay apart). */
export function isLeaf(shape: Shape, a: Json | undefined, b: Json | undefined): boolean {
  if (shape.kind === 'scalar') return true;
  if (shape.kind === 'map') return shape.atomic || (isEmptyMap(a) && isEmptyMap(b));
  return shape.by === 'atomic' || (listOf(a).length === 0 && listOf(b).length === 0);
}

function defaultOf(element: Type, name: string): Json | undefined {
  if (element === 'deduced' || element === 'opaque') return undefined;
  const properties = element.schema.properties;
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name]?.default : undefined;
}
