import { getKey, isObject, type Json, type JsonObject } from '../json.ts';

/** The value at a path of keys, if there is one. */
export function at(object: JsonObject, ...keys: readonly string[]): Json | undefined {
  let value: Json | undefined = object;
  for (const key of keys) value = isObject(value) ? getKey(value, key) : undefined;
  return value;
}

/** The object at a path; empty when there is none. */
export function mapAt(object: JsonObject, ...keys: readonly string[]): JsonObject {
  const value = at(object, ...keys);
  return isObject(value) ? value : {};
}

/** The objects of the list at a path. */
export function listAt(object: JsonObject, ...keys: readonly string[]): JsonObject[] {
  const value = at(object, ...keys);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The text at a path; empty when there is none. */
export function textAt(object: JsonObject, ...keys: readonly string[]): string {
  const value = at(object, ...keys);
  return typeof value === 'string' ? value : '';
}

/** The number at a path; 0 when there is none. */
export function numberAt(object: JsonObject, ...keys: readonly string[]): number {
  const value = at(object, ...keys);
  return typeof value === 'number' ? value : 0;
}

export const sizeOf = (value: Json | undefined): number => (isObject(value) ? Object.keys(value).length : 0);

/** `a=b,c=d`, or `<none>`: how a set of labels is printed. */
export function labelsText(labels: JsonObject): string {
  const keys = Object.keys(labels).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${String(labels[key])}`).join(',');
}
