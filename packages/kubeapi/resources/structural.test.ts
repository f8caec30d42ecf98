import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../json.ts';
import { structuralCauses } from './structural.ts';

const version = (openAPIV3Schema: JsonObject): JsonObject => ({ schema: { openAPIV3Schema } });
const object = (properties: JsonObject): JsonObject => ({ type: 'object', properties });
const texts = (...versions: JsonObject[]): string[] =>
  structuralCauses(versions).map(({ field, message }) => `${field}: ${message}`);

const test = suite('structural schemas');

test('what Kubernetes takes is taken', () => {
  const port = { 'x-kubernetes-int-or-string': true };
  const free = { 'x-kubernetes-preserve-unknown-fields': true };
  const list = { type: 'array', items: { type: 'string' }, default: ['a'] };
  assert.equal(texts(version(object({ port, free, list, map: { type: 'object', additionalProperties: free } }))), []);
});

test('a node without a type is named, wherever it is', () => {
  assert.equal(texts(version({})), [
    'spec.validation.openAPIV3Schema.type: Required value: must not be empty at the root',
  ]);
  assert.equal(texts(version(object({ a: { type: 'array', items: {} } }))), [
    'spec.validation.openAPIV3Schema.properties[a].items.type: Required value: must not be empty for specified array items',
  ]);
});

test('schemas that differ are named by their version', () => {
  assert.equal(texts(version(object({})), version(object({ a: {} }))), [
    'spec.versions[1].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields',
  ]);
  assert.equal(texts({}), ['spec.versions[0].schema.openAPIV3Schema: Required value']);
});

test('a default fits where it stands', () => {
  assert.equal(texts(version(object({ a: { type: 'integer', default: 'x' } }))), [
    'spec.validation.openAPIV3Schema.properties[a].default: Invalid value: "string":  in body must be of type integer: "string"',
  ]);
});

test('a pattern that cannot be read is refused when it is defined', () => {
  const text = (pattern: string) => texts(version(object({ a: { type: 'string', pattern } })));
  assert.match(text('(')[0] ?? '', /properties\[a\]\.pattern: Invalid value: "\(": must be a valid regular expression/);
  for (const pattern of ['(?i)^on$', '^[[:alpha:]]+\\z', '\\-', '^\\p{L}+$']) assert.equal(text(pattern), [], pattern);
});

test.run();
