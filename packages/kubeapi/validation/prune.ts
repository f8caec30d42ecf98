import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';

/** Fields of every object that no CRD has a say in. */
const rootFields = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Takes out, in place, what a CRD's structural schema does not know (Kubernetes, "Field pruning").
 * @returns the paths of what went, such as `spec.properties[0].colour`
 */
export function prune(object: JsonObject, schema: Schema): string[] {
  const gone: string[] = [];
  pruneObject(object, schema, '', gone, rootFields);
  return gone;
}

function pruneObject(
  object: JsonObject,
  schema: Schema,
  path: string,
  gone: string[],
  keep?: ReadonlySet<string>,
): void {
  const { properties = {}, additionalProperties } = schema;
  for (const [key, value] of Object.entries(object)) {
    if (keep?.has(key)) continue;
    const at = path === '' ? key : `${path}.${key}`;
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const free = additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
    const below = known ?? (isSchema(additionalProperties) ? additionalProperties : undefined);
    if (below !== undefined) pruneValue(value, below, at, gone);
    else if (!free) {
      delete object[key];
      gone.push(at);
    }
  }
}

function pruneValue(value: Json, schema: Schema, path: string, gone: string[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      if (schema.items) pruneValue(item, schema.items, `${path}[${index}]`, gone);
  } else if (isObject(value)) {
    pruneObject(value, schema, path, gone, schema['x-kubernetes-embedded-resource'] === true ? rootFields : undefined);
  }
}

const isSchema = (value: Schema | boolean | undefined): value is Schema => typeof value === 'object';
