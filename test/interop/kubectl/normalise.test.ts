import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineDiff } from './diff.ts';
import { inOrder, normalise } from './normalise.ts';

const test = suite('normalised answers');
const particulars = {
  url: 'https://127.0.0.1:6443',
  directory: '/tmp/x/files',
  generated: ['gen-'],
  now: Date.parse('2026-01-01T12:00:00Z'),
};
const normal = (text: string) => normalise(text, particulars);

test('times of the run go, times of a manifest stay', () => {
  assert.is(normal('at 2026-01-01T11:59:00Z'), 'at <time>');
  assert.is(normal('at 2026-01-01T11:59:00.123456Z'), 'at <microtime>');
  assert.is(normal('at 2020-01-01T00:00:00Z'), 'at 2020-01-01T00:00:00Z');
});

test('ages go with the padding after them, other durations stay', () => {
  assert.is(normal('one   5s    x'), 'one   <age> x');
  assert.is(normal('one   1m7s'), 'one   <age>');
  assert.is(normal('op=Exists for 300s'), 'op=Exists for 300s');
});

test('addresses, directories, versions and generated names go', () => {
  assert.is(normal('GET https://127.0.0.1:6443/api'), 'GET https://<server>/api');
  assert.is(normal('open /tmp/x/files/a.yaml'), 'open <directory>/a.yaml');
  assert.is(normal('resourceVersion: "12"'), 'resourceVersion: "<version>"');
  assert.is(normal('configmap/gen-x7k2p created'), 'configmap/gen-<generated> created');
});

test('a resource version that means "any" stays', () => {
  assert.is(normal('resourceVersion: "0"'), 'resourceVersion: "0"');
  assert.is(normal('resourceVersion: ""'), 'resourceVersion: ""');
});

test('JSON is compared without the order of its members, other text as it is', () => {
  assert.is(inOrder('{"b":1,"a":[2,1]}'), inOrder('{"a":[2,1],"b":1}'));
  assert.is.not(inOrder('{"a":[1,2]}'), inOrder('{"a":[2,1]}'));
  assert.is(inOrder('{not JSON'), '{not JSON');
});

test('a difference shows the lines that differ and two around them', () => {
  assert.is(lineDiff('a\nb\nc\nd\ne', 'a\nb\nc\nX\ne'), '  b\n  c\n- d\n+ X\n  e');
  assert.is(lineDiff('a\nb', 'a\nb'), '');
});

test.run();
