import { configError, type FieldError } from '@selvedge/base/errors';
import { nearest } from '@selvedge/base/nearest';
import type { Static, TSchema } from '@sinclair/typebox';
import { Value, type ValueError, ValueErrorType } from '@sinclair/typebox/value';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';

const maxBytes = 1_048_576;
/** `devices.boiler.coils`, in pieces. */
export type Path = readonly string[];

/** The text of a plant file, able to say where in it something is wrong. */
export class PlantDocument {
  readonly #file: string;
  readonly #document: Document;
  readonly #lines = new LineCounter();
  readonly value: unknown;

  /** @throws configError `InvalidPlant` when the text is no YAML or is larger than 1 MiB. */
  constructor(file: string, text: string) {
    this.#file = file;
    if (Buffer.byteLength(text) > maxBytes) {
      throw configError('InvalidPlant', `Cannot load plant "${file}": larger than ${maxBytes} bytes`);
    }
    this.#document = parseDocument(text, { lineCounter: this.#lines });
    const broken = this.#document.errors[0];
    if (broken) {
      const several = 'it holds several YAML documents; keep one, without "---" between parts';
      const reason = broken.code === 'MULTIPLE_DOCS' ? several : firstLine(broken.message);
      throw configError('InvalidPlant', `Cannot load plant "${file}": ${reason}`);
    }
    try {
      this.value = this.#document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      throw configError('InvalidPlant', `Cannot load plant "${file}"`, error);
    }
  }

  /** The error for what stands at `path`. */
  fail(path: Path, reason: string): FieldError {
    const line = this.#lineOf(path);
    const where = [line === undefined ? '' : ` line ${line}`, path.length === 0 ? '' : ` ${path.join('.')}`].join(',');
    return configError('InvalidPlant', `Cannot load plant "${this.#file}"${where.replace(/^,|,$/g, '')}: ${reason}`);
  }

  /** The error for a word at `path` that is none of `known`, with the nearest of them. */
  unknown(path: Path, what: string, word: string, known: readonly string[]): FieldError {
    const near = nearest(word, known);
    const listed = known.length <= 20 ? known.join(', ') : `${known.slice(0, 20).join(', ')}, ...`;
    const hint = near === undefined ? `known: ${listed || 'none'}` : `did you mean "${near}"?`;
    return this.fail(path, `unknown ${what} "${word}"; ${hint}`);
  }

  /** `value` (which stands at `path`), when it fits `schema`. @throws configError `InvalidPlant` for the first misfit. */
  check<Schema extends TSchema>(schema: Schema, value: unknown, path: Path): Static<Schema> {
    if (Value.Check(schema, value)) return value;
    // An unknown key is usually a key that was meant to be another; saying "missing" of that other one would mislead.
    const errors = firstErrors(Value.Errors(schema, value));
    const error = errors.find((one) => one.type === ValueErrorType.ObjectAdditionalProperties) ?? errors[0];
    if (error === undefined) throw this.fail(path, 'does not fit');
    const at = [...path, ...pointerPieces(error.path)];
    const key = at.at(-1) ?? '';
    if (error.type === ValueErrorType.ObjectAdditionalProperties) {
      throw this.unknown(at, 'key', key, Object.keys((error.schema.properties as object | undefined) ?? {}));
    }
    const wanted = expectation(error.schema);
    if (error.type === ValueErrorType.ObjectRequiredProperty) throw this.fail(at, `missing; ${wanted}`);
    throw this.fail(at, `${shown(error.value)} is not allowed here; ${wanted}`);
  }

  #lineOf(path: Path): number | undefined {
    for (let length = path.length; length >= 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return this.#lines.linePos(node.range[0]).line;
    }
    return undefined;
  }
}

function firstErrors(errors: Iterable<ValueError>): ValueError[] {
  const result: ValueError[] = [];
  for (const error of errors) if (result.push(error) === 50) break;
  return result;
}

const pointerPieces = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((piece) => piece.replaceAll('~1', '/').replaceAll('~0', '~'));

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 80)}"`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'a mapping' : String(value);
}

/** What a schema asks for, in words. */
function expectation(schema: TSchema): string {
  const about = schema.description === undefined ? '' : ` (${schema.description})`;
  const options = schema.anyOf as TSchema[] | undefined;
  if (options?.every((option) => 'const' in option)) {
    return `must be one of ${options.map((option) => String(option.const)).join(', ')}${about}`;
  }
  if (options) return `must be ${options.map((option) => String(option.type)).join(' or ')}${about}`;
  if (schema.type === 'object') return `must be a mapping${about}`;
  const { minimum, maximum, exclusiveMinimum, maxLength } = schema;
  const bounds = [
    minimum === undefined ? undefined : `at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    maximum === undefined ? undefined : `at most ${maximum}`,
    maxLength === undefined ? undefined : `at most ${maxLength} characters`,
  ].filter((bound) => bound !== undefined);
  return `must be of type ${String(schema.type)}${bounds.length > 0 ? `, ${bounds.join(' and ')}` : ''}${about}`;
}

const firstLine = (text: string): string => text.split('\n')[0] ?? text;
