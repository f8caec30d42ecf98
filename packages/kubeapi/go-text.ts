import { getKey, isObject, type Json } from './json.ts';

/** A value as Go's `%v` prints it; some of the original's messages quote values that way. */
export function goText(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goText(getKey(value, key) ?? null)}`);
  return `map[${entries.join(' ')}]`;
}
