import { equalJson, isObject, type Json, type JsonObject } from '../json.ts';
import { forbiddenField, invalidValue } from '../objects/causes.ts';
import type { Cause } from '../server/status.ts';

/** The most bytes that a ConfigMap or Secret may hold. */
export const maxDataBytes = 1024 * 1024;

export const entriesOf = (value: Json | undefined): [string, Json][] => (isObject(value) ? Object.entries(value) : []);

/** What is wrong with the keys of a ConfigMap's or Secret's data. */
export function keyCauses(field: string, data: Json | undefined): Cause[] {
  return entriesOf(data).flatMap(([key]) => {
    const problem = keyProblem(key);
    return problem === undefined ? [] : [invalidValue(`${field}[${key}]`, key, problem)];
  });
}

function keyProblem(key: string): string | undefined {
  if (key.length > 253) return 'must be no more than 253 characters';
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    return (
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or " +
      "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    );
  }
  if (key === '.') return "must not be '.'";
  return key.startsWith('..') ? `must not ${key === '..' ? "be '..'" : "start with '..'"}` : undefined;
}

/**
 * The cause when there is more data than is allowed.
 * @param field  as the original names it: of a config map it gives an empty path, which prints as `[]`
 */
export function sizeCauses(field: string, bytes: number): Cause[] {
  if (bytes <= maxDataBytes) return [];
  return [{ field, reason: 'FieldValueTooLong', message: `Too long: may not be more than ${maxDataBytes} bytes` }];
}

/** What an object marked `immutable` does not let itself be changed to. */
export function frozenCauses(next: JsonObject, before: JsonObject | undefined, fields: readonly string[]): Cause[] {
  if (before?.immutable !== true) return [];
  const changed = fields.filter((field) => !equalJson(next[field], before[field]));
  if (next.immutable !== true) changed.unshift('immutable');
  return changed.map((field) => forbiddenField(field, 'field is immutable when `immutable` is set'));
}
