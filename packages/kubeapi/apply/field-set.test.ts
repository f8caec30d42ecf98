import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json } from '../json.ts';
import { FieldSet, FieldSetBuilder, parseFieldsV1 } from './field-set.ts';
import { compareElements, keyElement, type Path, parseElement, pathText } from './path-element.ts';

const test = suite('field sets');

const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1', 'v:"1"', 'i:0');
const path = fc.array(element, { minLength: 1, maxLength: 3 });
const paths = fc.array(path, { maxLength: 8 });
const setOf = (list: readonly Path[]) => {
  const builder = new FieldSetBuilder();
  for (const each of list) builder.insert(each);
  return builder.build();
};
const texts = (set: FieldSet) => new Set(set.paths().map((each) => each.join(' ')));

test('union, intersection and difference are those of the sets of paths', () => {
  fc.assert(
    fc.property(paths, paths, (left, right) => {
      const [a, b] = [setOf(left), setOf(right)];
      const [textsA, textsB] = [texts(a), texts(b)];
      assert.equal([...texts(a.union(b))].sort(), [...new Set([...textsA, ...textsB])].sort());
      assert.equal([...texts(a.intersection(b))].sort(), [...textsA].filter((text) => textsB.has(text)).sort());
      assert.equal([...texts(a.difference(b))].sort(), [...textsA].filter((text) => !textsB.has(text)).sort());
      assert.is(a.difference(b).union(a.intersection(b)).equals(a), true);
      assert.is(a.difference(a).isEmpty, true);
    }),
  );
});

test('nothing that lies in another set or below one of its members is outside it', () => {
  fc.assert(
    fc.property(paths, paths, (left, right) => {
      const outside = setOf(left).outside(setOf(right));
      const expected = [...texts(setOf(left))].filter(
        (text) => !right.some((each) => text === each.join(' ') || text.startsWith(`${each.join(' ')} `)),
      );
      assert.equal([...texts(outside)].sort(), expected.sort());
    }),
  );
});

test('what is written as FieldsV1 is read back the same', () => {
  fc.assert(
    fc.property(paths, (list) => {
      const set = setOf(list);
      const written = JSON.parse(JSON.stringify(set.toFieldsV1())) as Json;
      assert.is(parseFieldsV1(written).equals(set), true);
    }),
  );
});

test('no JSON makes the reader throw anything but a FieldError', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('.', 'f:a', 'k:{', 'k:[]', 'v:', 'i:x', 'z:1', 'k:{"b":1,"a":2}'));
  const fields = fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: 'small' }, fc.constant({}), fc.dictionary(key, tie('tree'))),
  }));
  fc.assert(
    fc.property(fields.tree as fc.Arbitrary<Json>, (json) => {
      try {
        parseFieldsV1(json);
      } catch (error) {
        assert.instance(error, FieldError);
      }
    }),
  );
});

test('fields nested without end are refused', () => {
  const deep = JSON.parse(`${'{"f:a":'.repeat(1_000)}{}${'}'.repeat(1_000)}`) as Json;
  assert.throws(() => parseFieldsV1(deep), /nested deeper than 200/);
});

test('keys compare whatever order they were written in, and unknown kinds of elements are dropped', () => {
  assert.is(parseElement('k:{"protocol":"TCP", "port":80}'), keyElement({ port: 80, protocol: 'TCP' }));
  assert.is(parseElement('z:1'), undefined);
  assert.is(parseFieldsV1({ 'z:1': {}, 'f:a': {} }).paths().length, 1);
});

test('paths are ordered and printed as the original does', () => {
  const mixed = ['v:10', 'f:b', 'i:1', 'v:9', 'k:{"name":"b"}', 'f:a', 'k:{"name":"a"}', 'v:"x"'];
  const ordered = ['f:a', 'f:b', 'k:{"name":"a"}', 'k:{"name":"b"}', 'v:9', 'v:10', 'v:"x"', 'i:1'];
  assert.equal(mixed.sort(compareElements), ordered);
  const steps = ['f:spec', 'f:ports', keyElement({ protocol: 'TCP', port: 80 }), 'f:x', 'v:"y"', 'i:3'];
  assert.is(pathText(steps), '.spec.ports[port=80,protocol="TCP"].x[="y"][3]');
});

test("the empty path is nobody's", () => {
  assert.is(setOf([[]]).isEmpty, true);
  assert.is(FieldSet.empty.has([]), false);
});

test.run();
