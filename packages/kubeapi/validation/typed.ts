import { isObject, type Json, type JsonObject } from '../json.ts';
import { goFieldsOf } from '../openapi/go-fields.ts';
import type { Schema } from '../openapi/schema.ts';
import { microTimeLayout, timeLayout, timeProblem } from './go-time.ts';

/** A value that does not fit its field's Go type, in the two ways in which the original says so. */
export class TypeMismatch extends Error {
  /** What the converter of strategic merge patches says. */
  readonly converted: string;

  /** @param decoded what the JSON decoder says */
  constructor(decoded: string, converted = decoded) {
    super(decoded);
    this.name = 'TypeMismatch';
    this.converted = converted;
  }
}

/**
 * Brings an object of a built-in kind into the form that its Go type would give it, in place: nulls, empty lists and
 * maps and zeros that the type leaves out go, and so does what the type does not know.
 * @returns the paths of unknown fields, such as `metadata.colour`
 * @throws TypeMismatch
 */
export function conformTyped(object: JsonObject, schema: Schema, kind: string, path = ''): string[] {
  const unknown: string[] = [];
  walkStruct(object, schema, { path, struct: kind, field: '', unknown });
  return unknown;
}

interface Place {
  /** `spec.containers[0].image` */
  readonly path: string;
  /** The Go type around the field, and the field as the decoder names it: without indexes. */
  readonly struct: string;
  readonly field: string;
  readonly unknown: string[];
}

function walkStruct(object: JsonObject, schema: Schema, place: Place): void {
  const properties = schema.properties ?? {};
  const { omitted } = goFieldsOf(schema);
  for (const [key, value] of Object.entries(object)) {
    const below = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const path = place.path === '' ? key : `${place.path}.${key}`;
    if (below === undefined) {
      place.unknown.push(path);
      delete object[key];
      continue;
    }
    const field = place.field === '' ? key : `${place.field}.${key}`;
    const kept = walk(value, below, { ...place, path, field });
    const optional = schema.required?.includes(key) !== true;
    if (kept === undefined || (optional && isEmpty(kept, below)) || (omitted.has(key) && isZero(kept)))
      delete object[key];
    else object[key] = kept;
  }
}

/** The value as the type keeps it; undefined for a null, which sets nothing. */
function walk(value: Json, schema: Schema, place: Place): Json | undefined {
  if (value === null && schema.type !== undefined) return undefined;
  switch (schema.type) {
    case 'string':
      return walkText(value, schema, place);
    case 'integer':
      if (typeof value === 'number' && Number.isInteger(value)) return value;
      throw mismatch(value, schema, place);
    case 'number':
    case 'boolean':
      if (typeof value === schema.type) return value;
      throw mismatch(value, schema, place);
    case 'array':
      if (!Array.isArray(value)) throw mismatch(value, schema, place);
      return value.map((item, index) => {
        const at = { ...place, path: `${place.path}[${index}]` };
        return schema.items === undefined ? item : (walk(item, schema.items, at) ?? null);
      });
    case 'object':
      if (!isObject(value)) throw mismatch(value, schema, place);
      if (schema.properties !== undefined) {
        walkStruct(value, schema, { ...place, struct: schema.definition ?? place.struct });
      } else if (isSchema(schema.additionalProperties)) walkMap(value, schema.additionalProperties, place);
      return value;
    default:
      // IntOrString, Quantity and free JSON take more than one type.
      return value;
  }
}

function walkMap(map: JsonObject, schema: Schema, place: Place): void {
  for (const [key, value] of Object.entries(map)) {
    // A null in a map of texts is the empty text: Go's decoder leaves the zero value.
    map[key] =
      walk(value, schema, { ...place, path: `${place.path}.${key}` }) ?? (schema.type === 'string' ? '' : null);
  }
}

function walkText(value: Json, schema: Schema, place: Place): Json {
  if (typeof value !== 'string') throw mismatch(value, schema, place);
  if (schema.format === 'byte') {
    const at = base64Problem(value);
    if (at !== undefined) throw new TypeMismatch(`illegal base64 data at input byte ${at}`);
  }
  if (schema.format !== 'date-time') return value;
  const micro = schema.definition === 'MicroTime';
  const problem = timeProblem(value, micro ? microTimeLayout : timeLayout);
  if (problem !== undefined) throw new TypeMismatch(problem);
  return micro ? value : value.replace(/\.\d+(?=Z$)/, '');
}

function base64Problem(text: string): number | undefined {
  const clean = text.replace(/[\r\n]/g, '');
  const at = clean.search(/[^A-Za-z0-9+/=]|=(?!=?$)/);
  if (at >= 0) return at;
  return clean.length % 4 === 0 ? undefined : clean.length - (clean.length % 4);
}

/** Lists and maps that hold nothing are left out, unless the type has them always. */
function isEmpty(value: Json, schema: Schema): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && schema.properties === undefined && isSchema(schema.additionalProperties) && isBare(value);
}

const isZero = (value: Json): boolean => value === '' || value === 0 || value === false;
const isBare = (object: JsonObject): boolean => Object.keys(object).length === 0;
const isSchema = (value: Schema | boolean | undefined): value is Schema => typeof value === 'object';

function mismatch(value: Json, schema: Schema, { struct, field }: Place): TypeMismatch {
  const type = goType(schema);
  const found = typeof value === 'number' && schema.type === 'integer' ? `number ${value}` : jsonKind(value);
  const decoded = `json: cannot unmarshal ${found} into Go struct field ${struct}.${field} of type ${type}`;
  if (schema.type === 'array') return new TypeMismatch(decoded, `cannot restore slice from ${goKind(value)}`);
  if (schema.type === 'object') {
    const what = schema.properties === undefined ? 'map' : 'struct';
    return new TypeMismatch(decoded, `cannot restore ${what} from ${goKind(value)}`);
  }
  return new TypeMismatch(decoded, unconverted(goKind(value), type));
}

/** Go converts between kinds of numbers, and integers to texts; both are known and refused, anything else is not known. */
function unconverted(found: string, wanted: string): string {
  const numeric = /^(int|float)/;
  const known = numeric.test(found) && (numeric.test(wanted) || (wanted === 'string' && found === 'int64'));
  return known ? `cannot convert ${found} to ${wanted}` : `unrecognized type: ${wanted}`;
}

function goType(schema: Schema): string {
  switch (schema.type) {
    case 'integer':
      return schema.format ?? 'int64';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'array':
      return `[]${schema.items === undefined ? 'interface {}' : goType(schema.items)}`;
    case 'object':
      if (schema.definition !== undefined) return `v1.${schema.definition}`;
      return `map[string]${isSchema(schema.additionalProperties) ? goType(schema.additionalProperties) : 'interface {}'}`;
    default:
      return 'string';
  }
}

/** What Go's JSON decoder calls a value. */
export function jsonKind(value: Json): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : value === null ? 'null' : typeof value;
}

/** What Go's reflection calls a decoded value. */
function goKind(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
