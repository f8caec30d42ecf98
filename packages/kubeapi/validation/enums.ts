import { isObject, type Json } from '../json.ts';
import { notSupported } from '../objects/causes.ts';
import type { Schema } from '../openapi/schema.ts';
import type { Cause } from '../server/status.ts';

/** The words of two fields that the original does not list by the alphabet. */
const listed: Readonly<Record<string, readonly string[]>> = {
  'spec.restartPolicy': ['Always', 'OnFailure', 'Never'],
  'spec.dnsPolicy': ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'],
};

const wordsOf = (path: string, words: readonly Json[]): readonly string[] => listed[path] ?? words.map(String);

/** Texts of a built-in object, already of the right types, that are none of the words their field allows. */
export function enumCauses(value: Json, schema: Schema, path = ''): Cause[] {
  if (typeof value === 'string') {
    const unknown = schema.enum !== undefined && value !== '' && !schema.enum.includes(value);
    return unknown ? [notSupported(path, value, wordsOf(path, schema.enum))] : [];
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((item, index) => enumCauses(item, items, `${path}[${index}]`));
  }
  if (!isObject(value) || schema.properties === undefined) return [];
  const { properties } = schema;
  return Object.entries(value).flatMap(([key, child]) => {
    const below = Object.hasOwn(properties, key) ? properties[key] : undefined;
    return below === undefined ? [] : enumCauses(child, below, path === '' ? key : `${path}.${key}`);
  });
}
