import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json } from '../json.ts';
import { mergePatch } from './merge-patch.ts';

const test = suite('merge patch');
const json = (text: string) => JSON.parse(text) as Json;

// RFC 7396, appendix A, the rows whose patch is an object.
const rows: [target: string, patch: string, result: string][] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];
for (const [target, patch, result] of rows) {
  test(`${target} patched with ${patch} is ${result}`, () => {
    assert.equal(mergePatch(json(target), json(patch)), json(result));
  });
}

test('nulls vanish from objects inside a list, as in the original', () => {
  assert.equal(mergePatch({}, { a: [{ b: null, c: 1 }, null] }), { a: [{ c: 1 }, null] });
});

test('a patch that is no object is refused', () => {
  for (const patch of [null, [], 'x', 3])
    assert.throws(() => mergePatch({}, patch), /Invalid JSON Patch|decoding patch/);
});

test('a key named __proto__ stays a key', () => {
  const merged = mergePatch(json('{"__proto__":{"a":1}}'), json('{"__proto__":{"b":2}}'));
  assert.is(JSON.stringify(merged), '{"__proto__":{"a":1,"b":2}}');
  assert.is(({} as { b?: number }).b, undefined);
});

const object = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
  .map((value) => JSON.parse(JSON.stringify(value)) as { [key: string]: Json });

test('applying a patch a second time changes nothing', () => {
  fc.assert(
    fc.property(object, object, (target, patch) => {
      const once = mergePatch(target, patch);
      assert.equal(mergePatch(once, patch), once);
    }),
  );
});

test('neither argument is changed', () => {
  fc.assert(
    fc.property(object, object, (target, patch) => {
      const before = JSON.stringify([target, patch]);
      mergePatch(target, patch);
      assert.is(JSON.stringify([target, patch]), before);
    }),
  );
});

test.run();
