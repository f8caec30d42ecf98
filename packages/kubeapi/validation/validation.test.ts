import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import { fillDefaults } from './defaults.ts';
import { prune } from './prune.ts';
import { schemaCauses } from './validate.ts';

const schema: Schema = {
  type: 'object',
  properties: {
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 5 },
        mode: { type: 'string', enum: ['A', 'B'], default: 'A' },
        note: { type: 'string', minLength: 2, maxLength: 4, pattern: '^x' },
        at: { type: 'string', format: 'date-time' },
        port: { 'x-kubernetes-int-or-string': true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        items: {
          type: 'array',
          maxItems: 2,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, on: { type: 'boolean', default: true } },
          },
        },
      },
    },
  },
};
const texts = (spec: JsonObject) =>
  schemaCauses({ metadata: { name: 1 }, spec }, schema).map(({ field, message }) => `${field}: ${message}`);

const test = suite('custom resources against their schema');

test('what fits is accepted', () => {
  assert.equal(
    texts({
      size: 1,
      mode: 'B',
      note: 'xy',
      at: '2026-01-01T00:00:00Z',
      port: '80',
      free: { any: [1] },
      labels: { a: 'b' },
    }),
    [],
  );
});

test('each misfit is named in the words of the original', () => {
  assert.equal(texts({ size: 'big' }), [
    'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
  ]);
  assert.equal(texts({ mode: 'C' }), [
    'spec.size: Required value',
    'spec.mode: Unsupported value: "C": supported values: "A", "B"',
  ]);
  assert.equal(texts({ size: 9 }), [
    'spec.size: Invalid value: 9: spec.size in body should be less than or equal to 5',
  ]);
  assert.equal(texts({ size: 1, note: 'xyxyx' }), ['spec.note: Too long: may not be more than 4 bytes']);
  assert.equal(texts({ size: 1, note: 'yy' }), [
    'spec.note: Invalid value: "yy": spec.note in body should match \'^x\'',
  ]);
  assert.equal(texts({ size: 1, at: 'noon' }), [
    'spec.at: Invalid value: "noon": spec.at in body must be of type date-time: "noon"',
  ]);
  assert.equal(texts({ size: 1, items: [{ name: 'a' }, { name: 'a' }] }), [
    'spec.items[1]: Duplicate value: {"name":"a"}',
  ]);
  assert.equal(texts({ size: 1, items: [{}] }), ['spec.items[0].name: Required value']);
});

test('what the schema does not know goes, and is named', () => {
  const object: JsonObject = {
    kind: 'X',
    metadata: { any: 1 },
    extra: 1,
    spec: { size: 1, foo: 1, free: { bar: 1 }, items: [{ name: 'a', hue: 1 }] },
  };
  assert.equal(prune(object, schema), ['extra', 'spec.foo', 'spec.items[0].hue']);
  assert.equal(object, {
    kind: 'X',
    metadata: { any: 1 },
    spec: { size: 1, free: { bar: 1 }, items: [{ name: 'a' }] },
  });
});

test('what is absent and has a default is filled in', () => {
  const object: JsonObject = { spec: { size: 1, items: [{ name: 'a' }, { name: 'b', on: false }] } };
  fillDefaults(object, schema);
  assert.equal(object, {
    spec: {
      size: 1,
      mode: 'A',
      items: [
        { name: 'a', on: true },
        { name: 'b', on: false },
      ],
    },
  });
});

const one = (node: Schema, value: Json) =>
  schemaCauses({ a: value }, { type: 'object', properties: { a: node } }).map(
    ({ field, message }) => `${field}: ${message}`,
  );

test('alternatives: any, one, all, none', () => {
  const parts: Schema[] = [{ required: ['x'] }, { required: ['y'] }];
  assert.equal(one({ anyOf: parts }, { y: 1 }), []);
  assert.equal(one({ anyOf: parts }, {}), [
    '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
    'a.x: Required value',
  ]);
  assert.equal(one({ oneOf: parts }, { x: 1 }), []);
  assert.match(one({ oneOf: parts }, { x: 1, y: 1 })[0] ?? '', /Found 2 valid alternatives/);
  assert.equal(one({ allOf: parts }, { x: 1, y: 1 }), []);
  assert.match(one({ allOf: parts }, {})[0] ?? '', /\(allOf\)\. None validated/);
  assert.equal(one({ not: { required: ['x'] } }, {}), []);
  assert.match(one({ not: { required: ['x'] } }, { x: 1 })[0] ?? '', /must not validate the schema \(not\)/);
});

test('numbers: multiples and the range of 32 bits', () => {
  assert.equal(one({ type: 'number', multipleOf: 0.1 }, 0.3), []);
  assert.is(one({ type: 'integer', multipleOf: 5 }, 7).length, 1);
  assert.equal(one({ type: 'integer', format: 'int32' }, -(2 ** 31)), []);
  assert.is(one({ type: 'integer', format: 'int32' }, 2 ** 31).length, 1);
});

test('formats that are looked at, and those that are remarks', () => {
  const good: [string, string][] = [
    ['cidr', '10.0.0.0/8'],
    ['cidr', '::/0'],
    ['date', '2024-02-29'],
    ['duration', '1h30m'],
    ['duration', '3 days'],
    ['mac', '00:11:22:aa:bb:cc'],
    ['hostname', 'a-b.example'],
    ['ipv6', '::1'],
    ['anything', 'else'],
  ];
  const bad: [string, string][] = [
    ['cidr', '10.0.0.0/33'],
    ['date', '2023-02-29'],
    ['date-time', '2023-02-29T00:00:00Z'],
    ['duration', '5 parsecs'],
    ['mac', '00:11-22:aa:bb:cc'],
    ['hostname', `${'a'.repeat(64)}.example`],
  ];
  for (const [format, text] of good) assert.equal(one({ type: 'string', format }, text), [], text);
  for (const [format, text] of bad) assert.is(one({ type: 'string', format }, text).length, 1, text);
});

test('patterns are those of Go where they only differ in spelling', () => {
  assert.equal(one({ type: 'string', pattern: '(?i)^ON$' }, 'on'), []);
  assert.equal(one({ type: 'string', pattern: '\\A[[:digit:]]+\\z' }, '12'), []);
  assert.is(one({ type: 'string', pattern: '\\A[[:digit:]]+\\z' }, 'a1').length, 1);
});

test.run();
