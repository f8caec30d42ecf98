import { configError } from '@selvedge/base/errors';
import { Kind, type Static, type TSchema, Type, TypeRegistry } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';

// TypeBox checks only kinds that it knows; these two stand for plain JSON schemas of ours.
TypeRegistry.Set<{ enum: readonly string[] }>('Selvedge:Enum', (schema, value) =>
  schema.enum.includes(value as string),
);
TypeRegistry.Set(
  'Selvedge:FreeObject',
  (_, value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/**
 * A closed set of words. TypeBox's own union of literals becomes `anyOf/const`, which a CRD's structural schema refuses
 * (apiextensions.k8s.io/v1, "Specifying a structural schema"); this emits `enum`.
 */
export const Enum = <const Words extends readonly string[]>(words: Words, options: Record<string, unknown> = {}) =>
  Type.Unsafe<Words[number]>({ [Kind]: 'Selvedge:Enum', type: 'string', enum: [...words], ...options });

/** An object whose keys are not ours to know: kept as it is, by the API server too. */
export const FreeObject = (options: Record<string, unknown> = {}) =>
  Type.Unsafe<Record<string, unknown>>({
    [Kind]: 'Selvedge:FreeObject',
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    ...options,
  });

/** A time in ms since the epoch, as far as `Date` reaches: what comes from outside must not make `toISOString` throw. */
export const Instant = () => Type.Number({ minimum: -8.64e15, maximum: 8.64e15 });

/** A list that is a map by `key`, so that two appliers can own two entries (Kubernetes, "Merge strategy"). */
export const listMapBy = (key: string) => ({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });

/**
 * A check of everything that comes from outside. Compiles on first use; unknown fields pass and are kept.
 * @param what  names the thing in error texts, such as `samples message`
 * @throws configError `Malformed`, naming the first place that is wrong, its value and the reason
 */
export function decoder<Schema extends TSchema>(what: string, schema: Schema): (input: unknown) => Static<Schema> {
  let compiled: TypeCheck<Schema> | undefined;
  return (input) => {
    compiled ??= TypeCompiler.Compile(schema);
    if (compiled.Check(input)) return input;
    const first = compiled.Errors(input).First();
    const place = first?.path ? first.path.slice(1).replaceAll('/', '.') : 'the top level';
    const shown = JSON.stringify(first?.value)?.slice(0, 80) ?? 'nothing';
    const words = (first?.schema as { enum?: readonly string[] } | undefined)?.enum;
    const reason = words ? `expected one of ${words.join(', ')}` : (first?.message ?? 'not as expected');
    throw configError('Malformed', `Cannot read ${what}: ${place} is ${shown}: ${reason}`);
  };
}
