import { readFileSync } from 'node:fs';
import { configError, describeError } from './errors.ts';
import { nearest } from './nearest.ts';

export type ConfigType = 'string' | 'number' | 'boolean';

/** One setting of a process. `restart` tells an operator whether a change needs a restart. */
export interface Setting<Value = string | number | boolean | undefined> {
  readonly type: ConfigType;
  readonly description: string;
  readonly default: Value;
  /** For numbers: bounds, both included. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** For strings: the words that are allowed. */
  readonly oneOf?: readonly string[];
  readonly unit?: string;
  readonly restart: boolean;
}

export type Settings = Readonly<Record<string, Setting>>;

type ValueOf<S> = S extends { type: 'string'; default: infer D }
  ? D extends undefined
    ? string | undefined
    : string
  : S extends { type: 'number'; default: infer D }
    ? D extends undefined
      ? number | undefined
      : number
    : S extends { type: 'boolean' }
      ? boolean
      : never;

export type Config<S extends Settings> = { -readonly [Key in keyof S]: ValueOf<S[Key]> };

/** Keeps the literal types of a settings table, which {@link Config} needs. */
export const settings = <const S extends Settings>(table: S): S => table;

/**
 * Values for a settings table from flags (`--some-key value`, `--some-key=value`, `--flag`), then a JSON file
 * (`--config FILE`), then the defaults; the first that names a key wins. The only reader of a process's configuration.
 *
 * @param process  name used in error texts
 * @throws configError `UnknownSetting` (with the nearest known key), `InvalidSetting`, `UnreadableConfig`
 */
export function readConfig<const S extends Settings>(process: string, table: S, argv: readonly string[]): Config<S> {
  const flags = parseFlags(process, table, argv);
  const file = flags.file === undefined ? {} : readFile(process, flags.file);
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(file)) knownSetting(process, table, key);
  for (const [key, setting] of Object.entries(table)) {
    const raw = flags.values.get(key) ?? file[key];
    result[key] = raw === undefined ? setting.default : convert(process, key, setting, raw);
  }
  return result as Config<S>;
}

function parseFlags(process: string, table: Settings, argv: readonly string[]) {
  const values = new Map<string, string>();
  let file: string | undefined;
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (!argument.startsWith('--')) {
      throw configError('InvalidSetting', `Cannot start ${process}: "${argument}" is not a setting; write --key value`);
    }
    const [flag = '', inline] = splitOnce(argument.slice(2));
    const key = flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    const type = key === 'config' ? 'string' : knownSetting(process, table, key).type;
    const value = inline ?? (type === 'boolean' ? 'true' : argv[++index]);
    if (value === undefined) throw configError('InvalidSetting', `Cannot start ${process}: --${flag} needs a value`);
    if (key === 'config') file = value;
    else values.set(key, value);
  }
  return { values, file };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function knownSetting(process: string, table: Settings, key: string): Setting {
  // Own keys alone: every object inherits a `constructor`.
  const setting = Object.hasOwn(table, key) ? table[key] : undefined;
  if (setting) return setting;
  const near = nearest(key, Object.keys(table));
  const hint = near ? `did you mean "${near}"?` : `known: ${Object.keys(table).join(', ')}`;
  throw configError('UnknownSetting', `Cannot start ${process}: unknown setting "${key}"; ${hint}`);
}

function readFile(process: string, path: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
    throw new Error('it must hold one JSON object');
  } catch (error) {
    throw configError(
      'UnreadableConfig',
      `Cannot start ${process}: configuration file "${path}": ${describeError(error)}`,
    );
  }
}

function convert(process: string, key: string, setting: Setting, raw: unknown): string | number | boolean {
  const fail = (reason: string) =>
    configError('InvalidSetting', `Cannot start ${process}: setting "${key}" is ${JSON.stringify(raw)}: ${reason}`);
  if (setting.type === 'boolean') {
    if (raw === true || raw === 'true') return true;
    if (raw === false || raw === 'false') return false;
    throw fail('must be true or false');
  }
  if (setting.type === 'string') {
    if (typeof raw !== 'string') throw fail('must be a text');
    if (setting.oneOf && !setting.oneOf.includes(raw)) throw fail(`must be one of ${setting.oneOf.join(', ')}`);
    return raw;
  }
  const value = typeof raw === 'string' ? Number(raw.trim() || Number.NaN) : raw;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw fail('must be a number');
  if (setting.minimum !== undefined && value < setting.minimum) throw fail(`must be at least ${setting.minimum}`);
  if (setting.maximum !== undefined && value > setting.maximum) throw fail(`must be at most ${setting.maximum}`);
  return value;
}
