import { nearest } from '@selvedge/base/nearest';
import type { SettingSchema, SettingsSchema } from './protocol-schema.ts';

export type SettingValue = string | number | boolean;

export interface ConfigProblem {
  /** The key as it stands in the manifest. */
  readonly key: string;
  /** Completes `<place>: <key>: `, and says what to do. */
  readonly reason: string;
}

export interface Normalised {
  readonly value: Readonly<Record<string, SettingValue>>;
  readonly problems: readonly ConfigProblem[];
  /** What was accepted but looks like a mistake. */
  readonly warnings: readonly string[];
}

/**
 * Brings a free `configData` into the form its protocol's schema describes: names in any case and their aliases, numbers that
 * came as text, enum words in any case, defaults filled in. Pure; runs before every check, in cloud and kit alike.
 */
export function normalise(schema: SettingsSchema, configData: Readonly<Record<string, unknown>>): Normalised {
  const names = namesOf(schema);
  const value: Record<string, SettingValue> = {};
  const problems: ConfigProblem[] = [];
  const unknown: string[] = [];
  const given = new Map<string, string>();
  for (const [key, raw] of Object.entries(configData)) {
    const name = names.get(key.toLowerCase());
    if (name === undefined) {
      if (!isIgnored(schema, key)) unknown.push(key);
      continue;
    }
    if (raw === null || raw === undefined || raw === '') continue;
    const earlier = given.get(name);
    if (earlier !== undefined) {
      problems.push({ key, reason: `the same setting as "${earlier}"; keep one of them` });
      continue;
    }
    given.set(name, key);
    const converted = convert(schema.properties[name] as SettingSchema, raw);
    if ('reason' in converted) problems.push({ key, reason: converted.reason });
    else value[name] = converted.value;
  }
  for (const [name, setting] of Object.entries(schema.properties)) {
    if (value[name] === undefined && setting.default !== undefined && !given.has(name)) value[name] = setting.default;
  }
  const warnings = unknown.map((key) => unknownKey(key, schema));
  return { value, problems: [...problems, ...missing(schema, given, unknown)], warnings };
}

function namesOf(schema: SettingsSchema): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, setting] of Object.entries(schema.properties)) {
    for (const alias of [name, ...(setting['x-aliases'] ?? [])]) names.set(alias.toLowerCase(), name);
  }
  return names;
}

const isIgnored = (schema: SettingsSchema, key: string): boolean =>
  (schema['x-ignored'] ?? []).some((ignored) => ignored.toLowerCase() === key.toLowerCase());

function unknownKey(key: string, schema: SettingsSchema): string {
  const near = nearest(key, Object.keys(schema.properties));
  return `"${key.slice(0, 60)}" is not a known setting and has no effect${near ? `; did you mean "${near}"?` : ''}`;
}

function missing(
  schema: SettingsSchema,
  given: ReadonlyMap<string, string>,
  unknown: readonly string[],
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const name of schema.required ?? []) {
    if (given.has(name)) continue;
    const near = nearest(name, unknown);
    problems.push({
      key: name,
      reason: near ? `missing; is "${near.slice(0, 60)}" meant to be it?` : 'missing; add it',
    });
  }
  const groups = schema['x-required-one-of'];
  if (groups && !groups.some((group) => group.every((name) => given.has(name)))) {
    const choice = groups.map((group) => group.join(' and ')).join(', or ');
    problems.push({ key: groups[0]?.[0] ?? '', reason: `missing; add ${choice}` });
  }
  return problems;
}

type Converted = { readonly value: SettingValue } | { readonly reason: string };

function convert(setting: SettingSchema, raw: unknown): Converted {
  const shown = JSON.stringify(raw)?.slice(0, 60) ?? String(raw);
  switch (setting.type) {
    case 'string':
      return convertString(setting, raw, shown);
    case 'boolean': {
      // Not String(raw): an object of a manifest may bring a toString of its own.
      const word = typeof raw === 'string' ? raw.toLowerCase() : shown;
      return word === 'true' || word === 'false'
        ? { value: word === 'true' }
        : { reason: `${shown} must be true or false` };
    }
    case 'integer':
    case 'number':
      return convertNumber(setting, raw, shown);
  }
}

function convertString(setting: SettingSchema, raw: unknown, shown: string): Converted {
  if (typeof raw !== 'string' && typeof raw !== 'number' && typeof raw !== 'boolean')
    return { reason: `${shown} must be text` };
  const text = String(raw);
  const longest = setting.maxLength ?? 1024;
  if (text.length > longest) return { reason: `${text.length} characters are too many; at most ${longest}` };
  if (setting.format === 'host' && !isHost(text)) return { reason: `${shown} must be an IP address or a host name` };
  if (!setting.enum) return { value: text };
  const wanted = text.toLowerCase();
  const word = setting.enum.find((candidate) =>
    [candidate, ...(setting['x-synonyms']?.[candidate] ?? [])].some((synonym) => synonym.toLowerCase() === wanted),
  );
  if (word !== undefined) return { value: word };
  const near = nearest(text, setting.enum);
  return { reason: `${shown} must be one of ${setting.enum.join(', ')}${near ? `; did you mean "${near}"?` : ''}` };
}

/** Names as resolvers take them, the underscore included; an IPv6 address has colons, and maybe a zone. */
const isHost = (text: string): boolean =>
  /^(?:[\w-]+(?:\.[\w-]+)*\.?|[\da-fA-F:.]*:[\da-fA-F:.]*(?:%[\w.-]+)?)$/.test(text);

function convertNumber(setting: SettingSchema, raw: unknown, shown: string): Converted {
  const value = typeof raw === 'string' ? numberFromText(raw) : raw;
  if (typeof value !== 'number' || !Number.isFinite(value)) return { reason: `${shown} must be a number` };
  if (setting.type === 'integer' && !Number.isInteger(value)) return { reason: `${shown} must be a whole number` };
  const unit = setting['x-unit'] ? ` ${setting['x-unit']}` : '';
  const { minimum, maximum } = setting;
  if ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) {
    if (minimum !== undefined && maximum !== undefined)
      return { reason: `${shown} must be from ${minimum} to ${maximum}${unit}` };
    return {
      reason:
        minimum !== undefined
          ? `${shown} must be at least ${minimum}${unit}`
          : `${shown} must be at most ${maximum}${unit}`,
    };
  }
  return { value };
}

/** Decimal or hexadecimal (`0x1F`) text as a number; NaN for anything else, the empty text included. */
function numberFromText(text: string): number {
  const trimmed = text.trim();
  return /^[+-]?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}
