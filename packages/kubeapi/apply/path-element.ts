import { getKey, isObject, type Json, type JsonObject, setKey } from '../json.ts';

/**
 * One step of a path to a field, in the notation of FieldsV1: `f:NAME` a field, `k:{...}` the list element with these
 * keys, `v:VALUE` the element of a set, `i:N` the element at an index. Two steps are the same if and only if their
 * texts are, because keys inside `k:` are sorted and the JSON is compact.
 */
export type PathElement = string;

/** A path from the root of an object to a field. */
export type Path = readonly PathElement[];

export const fieldElement = (name: string): PathElement => `f:${name}`;
export const valueElement = (value: Json): PathElement => `v:${JSON.stringify(value)}`;

/** The element of a keyed list. */
export function keyElement(keys: JsonObject): PathElement {
  const sorted: JsonObject = {};
  for (const name of Object.keys(keys).sort()) setKey(sorted, name, getKey(keys, name) ?? null);
  return `k:${JSON.stringify(sorted)}`;
}

/**
 * Reads a step that a client or an older version wrote, into the one spelling we compare by.
 * Undefined for a kind of step that we do not know; the original drops these too.
 * @throws SyntaxError if the text after `k:`, `v:` or `i:` is no JSON of the right type.
 */
export function parseElement(text: string): PathElement | undefined {
  const content = text.slice(2);
  switch (text.slice(0, 2)) {
    case 'f:':
      return text;
    case 'v:':
      return valueElement(JSON.parse(content) as Json);
    case 'k:': {
      const keys = JSON.parse(content) as Json;
      if (!isObject(keys)) throw new SyntaxError(`"${text}" holds no keys`);
      return keyElement(keys);
    }
    case 'i:':
      if (!/^-?\d+$/.test(content)) throw new SyntaxError(`"${text}" holds no index`);
      return `i:${Number(content)}`;
    default:
      if (text[1] !== ':') throw new SyntaxError(`"${text}" is no path element`);
      return undefined;
  }
}

const kinds = ['f:', 'k:', 'v:', 'i:'];

/** The original's order: fields, then keyed elements, values, indices, each by what they hold. */
export function compareElements(a: PathElement, b: PathElement): number {
  const [kindA, kindB] = [kinds.indexOf(a.slice(0, 2)), kinds.indexOf(b.slice(0, 2))];
  if (kindA !== kindB) return kindA - kindB;
  if (kindA === 0) return compareText(a, b);
  const [left, right] = [JSON.parse(a.slice(2)) as Json, JSON.parse(b.slice(2)) as Json];
  return isObject(left) && isObject(right) ? compareKeys(left, right) : compareScalars(left, right);
}

/** A path as the original's messages write it: `.spec.ports[port=80,protocol="TCP"].name`. */
export function pathText(path: Path): string {
  return path.map(elementText).join('');
}

export function elementText(element: PathElement): string {
  const content = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${content}`;
    case 'k': {
      const keys = Object.entries(JSON.parse(content) as JsonObject);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${content}]`;
    default:
      return `[${content}]`;
  }
}

function compareKeys(a: JsonObject, b: JsonObject): number {
  const [left, right] = [Object.entries(a), Object.entries(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [nameA, valueA] = left[index] ?? ['', null];
    const [nameB, valueB] = right[index] ?? ['', null];
    const order = compareText(nameA, nameB) || compareScalars(valueA, valueB);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const scalarKinds = ['number', 'string', 'boolean', 'object'];

function compareScalars(a: Json, b: Json): number {
  if (typeof a !== typeof b) return scalarKinds.indexOf(typeof a) - scalarKinds.indexOf(typeof b);
  if (typeof a === 'number') return a - Number(b);
  return compareText(String(a), String(b));
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
