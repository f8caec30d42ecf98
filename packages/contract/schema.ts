import { configError } from '@selvedge/base/errors';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';

/**
 * A closed set of words. TypeBox's own union of literals becomes `anyOf/const`, which a CRD's structural schema refuses
 * (apiextensions.k8s.io/v1, "Specifying a structural schema"); this emits `enum`.
 */
export const Enum = <const Words extends readonly string[]>(words: Words, options: Record<string, unknown> = {}) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], ...options });

/** An object whose keys are not ours to know: kept as it is, by the API server too. */
export const FreeObject = (options: Record<string, unknown> = {}) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, ...options });

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
    throw configError('Malformed', `Cannot read ${what}: ${place} is ${shown}: ${first?.message ?? 'not as expected'}`);
  };
}
