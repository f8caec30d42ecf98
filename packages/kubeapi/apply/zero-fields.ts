import { isObject, type Json, type JsonObject, setKey } from '../json.ts';
import { goFieldsOf } from '../openapi/go-fields.ts';
import type { Schema } from '../openapi/schema.ts';

/**
 * A built-in object with the fields that the original's Go type always has: structs, and scalars and lists that it writes
 * even when empty. Nobody comes to own those by making the object, so both sides of a comparison get them. Custom
 * objects have no such fields.
 */
export function withZeroFields(object: Json, schema: Schema): Json {
  return isBuiltIn(schema) ? fill(object, schema) : object;
}

/** Whether a schema describes a kind that is a Go type in the original. */
export function isBuiltIn(schema: Schema): boolean {
  return schema['x-kubernetes-group-version-kind'] !== undefined;
}

function fill(value: Json, schema: Schema): Json {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => fill(item, items));
  }
  if (!isObject(value)) return value;
  const filled: JsonObject = {};
  for (const [name, child] of Object.entries(value)) {
    const field = fieldSchema(schema, name);
    setKey(filled, name, field === undefined ? child : fill(child, field));
  }
  const { times } = goFieldsOf(schema);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (Object.hasOwn(filled, name)) continue;
    if (times.has(name)) filled[name] = null;
    const zero = zeroOf(field, schema.required?.includes(name) === true);
    if (zero !== undefined) setKey(filled, name, zero);
  }
  return filled;
}

function fieldSchema(schema: Schema, name: string): Schema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** The value of a field that the Go type writes even if nobody set it; undefined if it leaves the field out. */
function zeroOf(field: Schema, required: boolean): Json | undefined {
  if (isObject(field.default)) return field.type === 'object' ? fill({}, field) : null;
  if (required && field.default === undefined && field.type === 'array') return null;
  return required || field.default === '' ? field.default : undefined;
}
