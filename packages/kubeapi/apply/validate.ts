import { goText } from '../go-text.ts';
import { getKey, isObject, type Json } from '../json.ts';
import { elementText, fieldElement, type PathElement } from './path-element.ts';
import { itemElement, type Shape, shapeOf, type Type } from './typed.ts';

/** What is wrong with an applied configuration, in the original's words; undefined if it fits its schema. */
export function misfits(object: Json, type: Type): string | undefined {
  const errors: string[] = [];
  check(object, type, '', errors);
  if (errors.length <= 1) return errors[0];
  return ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}

function check(value: Json, type: Type, path: string, errors: string[]): void {
  const shape = shapeOf(type, value);
  const report = (text: string) => errors.push(path === '' ? text : `${path}: ${text}`);
  if (value === null) return;
  if (shape.kind === 'scalar') {
    const reason = scalarMisfit(shape.scalar, value);
    if (reason !== undefined) report(reason);
  } else if (shape.kind === 'list') {
    if (Array.isArray(value)) checkItems(value, shape, path, errors);
    else report(`expected list, got &{${goText(value)}}`);
  } else if (!isObject(value)) {
    report(`expected map, got &{${goText(value)}}`);
  } else {
    for (const name of Object.keys(value)) {
      const field = shape.field(name);
      const below = `${path}${elementText(fieldElement(name))}`;
      if (field === undefined) errors.push(`${below}: field not declared in schema`);
      else check(getKey(value, name) ?? null, field, below, errors);
    }
  }
}

function checkItems(items: Json[], list: Extract<Shape, { kind: 'list' }>, path: string, errors: string[]): void {
  const seen = new Set<PathElement>();
  for (const [index, item] of items.entries()) {
    const element = list.by === 'atomic' ? `i:${index}` : itemElement(list, item);
    if (element instanceof Error) {
      errors.push(`${path === '' ? '' : `${path}: `}element ${index}: ${element.message}`);
      return;
    }
    if (seen.has(element))
      errors.push(`${path === '' ? '' : `${path}: `}duplicate entries for key ${elementText(element)}`);
    seen.add(element);
    check(item, list.element, `${path}${elementText(element)}`, errors);
  }
}

function scalarMisfit(scalar: Extract<Shape, { kind: 'scalar' }>['scalar'], value: Json): string | undefined {
  if (scalar === 'any') return typeof value === 'object' ? `expected any scalar, got &{${goText(value)}}` : undefined;
  const goType = typeof value === 'object' ? (Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}') : '';
  switch (scalar) {
    case 'number':
      if (typeof value === 'number') return undefined;
      return `expected numeric (int or float), got ${goType || (typeof value === 'boolean' ? 'bool' : typeof value)}`;
    case 'string':
      return typeof value === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goText(value)}}`;
  }
}

function goSyntax(value: Json): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
