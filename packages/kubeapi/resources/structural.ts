import { equalJson, isObject, type Json, type JsonObject } from '../json.ts';
import { invalidValue, notSupported, required } from '../objects/causes.ts';
import type { Schema } from '../openapi/schema.ts';
import type { Cause } from '../server/status.ts';
import { compilePattern } from '../validation/pattern.ts';
import { schemaCauses } from '../validation/validate.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/**
 * What keeps the schemas of a definition from being structural (Kubernetes, "Specifying a structural schema"): every node
 * has a type that there is, a default fits where it stands, and a pattern can be read.
 */
export function structuralCauses(versions: readonly JsonObject[]): Cause[] {
  const schemas = versions.map((version) => (isObject(version.schema) ? version.schema.openAPIV3Schema : undefined));
  const causes: Cause[] = [];
  for (const [index, schema] of schemas.entries()) {
    if (!isObject(schema)) causes.push(required(`spec.versions[${index}].schema.openAPIV3Schema`));
  }
  // The original keeps a schema that all versions share in one place, and names that.
  const [first] = schemas;
  const shared = schemas.every((schema) => equalJson(schema, first));
  for (const [index, schema] of shared ? [first].entries() : schemas.entries()) {
    if (!isObject(schema)) continue;
    const path = shared ? 'spec.validation.openAPIV3Schema' : `spec.versions[${index}].schema.openAPIV3Schema`;
    causes.push(...nodeCauses(schema, path, 'at the root'));
  }
  return causes;
}

function nodeCauses(node: JsonObject, path: string, where: string): Cause[] {
  const causes: Cause[] = [];
  const free = node['x-kubernetes-int-or-string'] === true || node['x-kubernetes-preserve-unknown-fields'] === true;
  const { type, default: preset } = node;
  if (type === undefined || type === '') {
    if (!free) causes.push(required(`${path}.type`, `must not be empty ${where}`));
  } else if (!types.includes(String(type))) causes.push(notSupported(`${path}.type`, type, types));
  if (typeof node.pattern === 'string') causes.push(...patternCauses(node.pattern, `${path}.pattern`));
  for (const [key, child] of entriesOf(node.properties)) {
    causes.push(...nodeCauses(child, `${path}.properties[${key}]`, 'for specified object fields'));
  }
  if (isObject(node.items)) causes.push(...nodeCauses(node.items, `${path}.items`, 'for specified array items'));
  if (isObject(node.additionalProperties)) {
    causes.push(
      ...nodeCauses(node.additionalProperties, `${path}.additionalProperties`, 'for specified object fields'),
    );
  }
  if (preset !== undefined && causes.length === 0) causes.push(...defaultCauses(preset, node, `${path}.default`));
  return causes;
}

/** Refused when it is defined, not each time that it is used. */
function patternCauses(pattern: string, path: string): Cause[] {
  try {
    compilePattern(pattern);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    return [invalidValue(path, pattern, `must be a valid regular expression, but isn't: ${why}`)];
  }
}

function defaultCauses(preset: Json, node: JsonObject, path: string): Cause[] {
  return schemaCauses(preset, node as Schema).map((cause) => ({
    ...cause,
    field: cause.field === '' ? path : `${path}.${cause.field}`,
  }));
}

const entriesOf = (value: Json | undefined): [string, JsonObject][] =>
  Object.entries(isObject(value) ? value : {}).filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
