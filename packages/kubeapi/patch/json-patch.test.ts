import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json } from '../json.ts';
import { jsonPatch } from './json-patch.ts';

const test = suite('JSON patch');

function failure(target: Json, patch: Json): FieldError {
  try {
    jsonPatch(target, patch);
  } catch (error) {
    if (error instanceof FieldError) return error;
    throw error;
  }
  throw new Error('the patch applied');
}

test('every operation works', () => {
  const target = { data: { a: '1', b: '2' }, list: ['x', 'y'] };
  const result = jsonPatch(target, [
    { op: 'test', path: '/data/a', value: '1' },
    { op: 'add', path: '/data/c~1d', value: '3' },
    { op: 'remove', path: '/data/b' },
    { op: 'replace', path: '/data/a', value: '9' },
    { op: 'add', path: '/list/0', value: 'w' },
    { op: 'add', path: '/list/-', value: 'z' },
    { op: 'copy', from: '/data/a', path: '/data/e' },
    { op: 'move', from: '/list/1', path: '/data/f' },
  ]);
  assert.equal(result, { data: { a: '9', 'c/d': '3', e: '9', f: 'x' }, list: ['w', 'y', 'z'] });
  assert.equal(target, { data: { a: '1', b: '2' }, list: ['x', 'y'] });
});

test('replace of a missing key adds it, and negative indices count from the end, as in the original', () => {
  assert.equal(jsonPatch({ a: {} }, [{ op: 'replace', path: '/a/b', value: 1 }]), { a: { b: 1 } });
  assert.equal(jsonPatch({ l: [1, 2] }, [{ op: 'remove', path: '/l/-1' }]), { l: [1] });
  assert.equal(jsonPatch({ l: [1, 2] }, [{ op: 'add', path: '/l/-1', value: 3 }]), { l: [1, 2, 3] });
});

test('what does not apply is Invalid and says where in its cause', () => {
  const rows: [Json, RegExp][] = [
    [{ op: 'test', path: '/data/x', value: '2' }, /operation 0 \(test "\/data\/x"\)/],
    [{ op: 'remove', path: '/data/nope' }, /no such key/],
    [{ op: 'replace', path: '/data/q/w/e', value: 1 }, /leads through "q"/],
    [{ op: 'wat', path: '/data' }, /no such operation/],
    [{ op: 'add', path: '/list/7', value: 1 }, /index 7 is outside a list of 1/],
    [{ op: 'add', path: '/list/one', value: 1 }, /"one" is no index/],
    [{ op: 'move', from: '/data', path: '/data/x/y' }, /leads through/],
    [{ op: 'remove' }, /path is missing/],
  ];
  for (const [operation, cause] of rows) {
    const error = failure({ data: { x: '1' }, list: [1] }, [operation]);
    assert.is(error.code, 'Invalid');
    assert.is(error.message, 'the server rejected our request due to an error in our request');
    assert.match(String(error.cause), cause);
  }
});

test('what is no list of operations is a bad request', () => {
  for (const patch of [{ op: 'add' }, null, 'x', [1]]) assert.is(failure({}, patch).code, 'BadRequest');
});

test('too many operations, and copies that double without end, are refused', () => {
  const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '' }));
  assert.is(failure({}, many).code, 'RequestEntityTooLarge');
  const doubling = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
  assert.match(String(failure({ a: ['x'.repeat(1000)] }, doubling).cause), /copies add more than/);
});

test('a path cannot reach a prototype', () => {
  for (const path of ['/__proto__/polluted', '/constructor/prototype/polluted']) {
    assert.is(failure({}, [{ op: 'add', path, value: 1 }]).code, 'Invalid');
  }
  assert.is(({} as { polluted?: number }).polluted, undefined);
});

test('adding and then removing a fresh key gives the target back, whatever the key', () => {
  const object = fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))
    .map((value) => JSON.parse(JSON.stringify(value)) as { [key: string]: Json });
  fc.assert(
    fc.property(object, fc.string({ minLength: 1 }), (target, key) => {
      fc.pre(!Object.hasOwn(target, key) && key !== '__proto__');
      const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const there = jsonPatch(target, [{ op: 'add', path, value: 1 }]);
      assert.equal(jsonPatch(there, [{ op: 'remove', path }]), target);
    }),
  );
});

test.run();
