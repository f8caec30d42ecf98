import { isObject, type Json, type JsonObject } from '../json.ts';
import { duplicate, invalidValue, notSupported, required, typeInvalid } from '../objects/causes.ts';
import type { Schema } from '../openapi/schema.ts';
import type { Cause } from '../server/status.ts';
import { hasFormat } from './formats.ts';
import { compilePattern } from './pattern.ts';

/** Causes that are told at most; an object can be wrong in a million places. */
const maxCauses = 100;

/**
 * What a custom resource, or its status, breaks of its CRD's schema, in the words of the original. Pure. Metadata is not looked at.
 * Covers all that OpenAPI has in a structural schema, and keys of list-type map and set; not CEL rules.
 */
export function schemaCauses(value: Json, schema: Schema): Cause[] {
  const causes: Cause[] = [];
  const { metadata: _metadata, ...properties } = schema.properties ?? {};
  check(value, { ...schema, properties }, '', causes);
  return causes.slice(0, maxCauses);
}

function check(value: Json, schema: Schema, path: string, causes: Cause[]): void {
  if (causes.length >= maxCauses) return;
  const isNull = value === null && schema.nullable === true;
  if (!isNull && !hasType(value, schema)) {
    causes.push(...typeCauses(value, schema, path));
    return;
  }
  if (schema.enum && !schema.enum.some((word) => word === value))
    causes.push(notSupported(path, value, schema.enum.map(String)));
  if (isNull) return;
  if (typeof value === 'string') checkText(value, schema, path, causes);
  else if (typeof value === 'number') checkNumber(value, schema, path, causes);
  else if (Array.isArray(value)) checkList(value, schema, path, causes);
  else if (isObject(value)) checkObject(value, schema, path, causes);
  checkJunctors(value, schema, path, causes);
}

/** `allOf`, `anyOf`, `oneOf` and `not`. Of alternatives that all fail, the nearest one says what is missing. */
function checkJunctors(value: Json, schema: Schema, path: string, causes: Cause[]): void {
  const { allOf, anyOf, oneOf, not } = schema;
  const against = (other: Schema): Cause[] => {
    const found: Cause[] = [];
    check(value, other, path, found);
    return found;
  };
  const must = (what: string) => causes.push(nowhere(`${JSON.stringify(path)} must ${what}`));
  const nearest = (outcomes: readonly Cause[][]) =>
    outcomes.reduce((best, outcome) => (outcome.length < best.length ? outcome : best), outcomes[0] ?? []);
  if (allOf) {
    const outcomes = allOf.map(against);
    const met = outcomes.filter((outcome) => outcome.length === 0).length;
    if (met < allOf.length) must(`validate all the schemas (allOf)${met === 0 ? '. None validated' : ''}`);
    causes.push(...outcomes.flat());
  }
  if (anyOf) {
    const outcomes = anyOf.map(against);
    if (outcomes.every((outcome) => outcome.length > 0)) {
      must('validate at least one schema (anyOf)');
      causes.push(...nearest(outcomes));
    }
  }
  if (oneOf) {
    const outcomes = oneOf.map(against);
    const met = outcomes.filter((outcome) => outcome.length === 0).length;
    const found = met === 0 ? 'none valid' : `${met} valid alternatives`;
    if (met !== 1) must(`validate one and only one schema (oneOf). Found ${found}`);
    if (met === 0) causes.push(...nearest(outcomes));
  }
  if (not && against(not).length === 0) must('not validate the schema (not)');
}

/** A cause that the original gives no field. */
const nowhere = (message: string): Cause => ({
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message: `Invalid value: "": ${message}`,
});

const outOfRange = (format: string, path: string): Cause =>
  nowhere(`Checked value must be of type integer with format ${format} in ${path}`);

function hasType(value: Json, schema: Schema): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return typeof value === 'string' || Number.isInteger(value);
  switch (schema.type) {
    case undefined:
      return true;
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    default:
      return typeof value === schema.type;
  }
}

function typeCauses(value: Json, schema: Schema, path: string): Cause[] {
  const wrong = (found: string, wanted: string) =>
    typeInvalid(path, found, `${path} in body must be of type ${wanted}: "${found}"`);
  if (schema['x-kubernetes-int-or-string'] === true) return [wrong(typeName(value), 'integer,string')];
  const { type = 'object', format } = schema;
  // The original compares a number with a format by the format, and then once more by its range.
  if (typeof value !== 'number' || type !== 'integer' || format === undefined) return [wrong(typeName(value), type)];
  return [outOfRange(format, path), wrong('float64', format)];
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkText(value: string, schema: Schema, path: string, causes: Cause[]): void {
  const length = [...value].length;
  if (schema.minLength !== undefined && length < schema.minLength) {
    causes.push(invalidValue(path, value, `${path} in body should be at least ${schema.minLength} chars long`));
  }
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    causes.push({
      field: path,
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${schema.maxLength} bytes`,
    });
  }
  if (schema.pattern !== undefined && !compilePattern(schema.pattern).test(value)) {
    causes.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  }
  const { format } = schema;
  if (format !== undefined && !hasFormat(value, format)) {
    causes.push(invalidValue(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`));
  }
}

function checkNumber(value: number, schema: Schema, path: string, causes: Cause[]): void {
  const { minimum, maximum, multipleOf, format } = schema;
  if (format === 'int32' && Number.isInteger(value) && value !== (value | 0)) causes.push(outOfRange(format, path));
  if (multipleOf !== undefined && !isWhole(value / multipleOf)) {
    causes.push(invalidValue(path, value, `${path} in body should be a multiple of ${multipleOf}`));
  }
  if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    const what = schema.exclusiveMinimum === true ? 'greater than' : 'greater than or equal to';
    causes.push(invalidValue(path, value, `${path} in body should be ${what} ${minimum}`));
  }
  if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    const what = schema.exclusiveMaximum === true ? 'less than' : 'less than or equal to';
    causes.push(invalidValue(path, value, `${path} in body should be ${what} ${maximum}`));
  }
}

/** Whether a quotient is a whole number, but for what floating point loses. */
const isWhole = (quotient: number): boolean => Math.abs(quotient - Math.round(quotient)) < 1e-9;

function checkList(value: readonly Json[], schema: Schema, path: string, causes: Cause[]): void {
  const { items, minItems, maxItems } = schema;
  if (maxItems !== undefined && value.length > maxItems) {
    causes.push(tooMany(path, value.length, maxItems));
  }
  if (minItems !== undefined && value.length < minItems) {
    causes.push(invalidValue(path, value.length, `${path} in body should have at least ${minItems} items`));
  }
  if (items) for (const [index, item] of value.entries()) check(item, items, `${path}[${index}]`, causes);
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const key = identity(item, schema);
    if (key === undefined) continue;
    const text = JSON.stringify(key);
    if (seen.has(text)) causes.push(duplicate(`${path}[${index}]`, key));
    seen.add(text);
  }
}

const tooMany = (field: string, size: number, most: number): Cause => ({
  field,
  reason: 'FieldValueTooMany',
  message: `Too many: ${size}: must have at most ${most} items`,
});

/** What makes an item of a list-type set or map one of its kind; undefined in an atomic list. */
function identity(item: Json, schema: Schema): Json | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return item;
  if (schema['x-kubernetes-list-type'] !== 'map' || !isObject(item)) return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return Object.fromEntries(keys.flatMap((key) => (item[key] === undefined ? [] : [[key, item[key]]])));
}

function checkObject(value: JsonObject, schema: Schema, path: string, causes: Cause[]): void {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  const { minProperties, maxProperties } = schema;
  const size = Object.keys(value).length;
  if (minProperties !== undefined && size < minProperties) {
    causes.push(invalidValue(path, size, `${path} in body should have at least ${minProperties} properties`));
  }
  if (maxProperties !== undefined && size > maxProperties) causes.push(tooMany(path, size, maxProperties));
  for (const key of schema.required ?? []) if (value[key] === undefined) causes.push(required(at(key)));
  const { properties = {}, additionalProperties } = schema;
  for (const [key, child] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const below = known ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (below) check(child, below, at(key), causes);
  }
}
