import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cloneJson, equalJson, type Json } from './json.ts';

const test = suite('JSON values');

/** Small on purpose, so that two of them are often nearly the same. */
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, false, 0, 1, '', 'a'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
}));

test('are the same when every part is, whatever the order of keys', () => {
  fc.assert(
    fc.property(value, value, (a, b) => equalJson(a, b) === isDeepStrictEqual(a, b)),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(value, (a) => equalJson(a, JSON.parse(JSON.stringify(a)) as Json)));
});

test('that are missing are not null, and a list is no object', () => {
  assert.not(equalJson(undefined, null));
  assert.not(equalJson({ a: undefined as unknown as Json }, { b: 1 }));
  assert.not(equalJson([], {}));
  assert.ok(equalJson({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }));
});

test('a copy is the same and shares nothing', () => {
  const parts = (json: Json): Json[] =>
    typeof json === 'object' && json !== null ? [json, ...Object.values(json).flatMap(parts)] : [];
  fc.assert(
    fc.property(value, (original) => {
      const copy = cloneJson(original);
      const originals = new Set(parts(original));
      return isDeepStrictEqual(copy, original) && parts(copy).every((part) => !originals.has(part));
    }),
  );
});

test.run();
