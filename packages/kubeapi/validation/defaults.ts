import { cloneJson, isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';

/**
 * Fills in, in place, what is absent and has a default. A null where none is allowed counts as absent, and goes when there
 * is no default (Kubernetes, "Defaulting and Nullable").
 */
export function fillDefaults(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    for (const item of value) if (schema.items) fillDefaults(item, schema.items);
    return;
  }
  if (!isObject(value)) return;
  fillObject(value, schema);
}

function fillObject(object: JsonObject, schema: Schema): void {
  const { properties = {}, additionalProperties } = schema;
  for (const [key, property] of Object.entries(properties)) {
    if (object[key] === null && property.nullable !== true) delete object[key];
    if (object[key] === undefined && property.default !== undefined) object[key] = cloneJson(property.default);
    const below = object[key];
    if (below !== undefined) fillDefaults(below, property);
  }
  if (typeof additionalProperties !== 'object') return;
  for (const [key, value] of Object.entries(object))
    if (!Object.hasOwn(properties, key)) fillDefaults(value, additionalProperties);
}
