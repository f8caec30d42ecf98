import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json, JsonObject } from '../json.ts';
import { openApiIndex, openApiV3 } from './documents.ts';
import type { DocumentedResource } from './paths.ts';
import { openApiV2 } from './v2.ts';
import { openApiV2Protobuf } from './v2-protobuf.ts';

const test = suite('OpenAPI documents');

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const configMap: DocumentedResource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  listKind: 'ConfigMapList',
  namespaced: true,
  verbs,
  subresources: [],
};
const node: DocumentedResource = {
  ...configMap,
  plural: 'nodes',
  kind: 'Node',
  listKind: 'NodeList',
  namespaced: false,
  subresources: [{ name: 'status', kind: 'Node', verbs: ['get', 'patch', 'update'] }],
};
const review: DocumentedResource = {
  ...node,
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectAccessReview',
  verbs: ['create'],
};
const widget: DocumentedResource = {
  ...configMap,
  group: 'x.example.com',
  plural: 'widgets',
  kind: 'Widget',
  listKind: 'WidgetList',
  subresources: [{ name: 'status', kind: 'Widget', verbs: ['get', 'patch', 'update'] }],
  custom: {
    schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          required: ['size'],
          properties: {
            size: { type: 'integer', description: 'How big.' },
            since: { type: 'string', nullable: true },
            port: { 'x-kubernetes-int-or-string': true },
          },
        },
      },
    },
  },
};
const all = [configMap, node, review, widget];

/** The value at a path of keys; fails the test where it ends early. */
function at(value: Json | undefined, ...keys: string[]): Json {
  let here = value;
  for (const key of keys) here = (here as JsonObject | undefined)?.[key];
  assert.ok(here !== undefined, `nothing at ${keys.join(' > ')}`);
  return here ?? null;
}

test('the index names a document for each group and version that has definitions', () => {
  const paths = at(openApiIndex(all), 'paths') as JsonObject;
  assert.equal(Object.keys(paths), ['api/v1', 'apis/x.example.com/v1']);
  assert.match(String(at(paths, 'api/v1', 'serverRelativeURL')), /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/);
});

test('the hash changes with the schema, and with it alone', () => {
  const hash = (resources: DocumentedResource[]) =>
    at(openApiIndex(resources), 'paths', 'apis/x.example.com/v1', 'serverRelativeURL');
  assert.is(hash(all), hash([widget]));
  assert.is.not(hash(all), hash([{ ...widget, custom: { schema: { type: 'object' } } }]));
});

test('kubectl finds the kind, the query parameters and the patches of a path', () => {
  const patch = at(openApiV3(all, '', 'v1'), 'paths', '/api/v1/namespaces/{namespace}/configmaps/{name}', 'patch');
  assert.equal(at(patch, 'x-kubernetes-group-version-kind'), { group: '', version: 'v1', kind: 'ConfigMap' });
  const names = (at(patch, 'parameters') as JsonObject[]).map(({ name }) => name);
  assert.equal(names, ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
  assert.ok('application/strategic-merge-patch+json' in (at(patch, 'requestBody', 'content') as JsonObject));
  const custom = at(
    openApiV3(all, 'x.example.com', 'v1'),
    'paths',
    '/apis/x.example.com/v1/namespaces/{namespace}/widgets/{name}',
    'patch',
  );
  assert.not.ok('application/strategic-merge-patch+json' in (at(custom, 'requestBody', 'content') as JsonObject));
});

test('a document holds the definitions that it needs, and no others', () => {
  const schemas = at(openApiV3(all, '', 'v1'), 'components', 'schemas') as JsonObject;
  assert.ok('io.k8s.api.core.v1.NodeStatus' in schemas);
  assert.not.ok('io.k8s.api.core.v1.PodSpec' in schemas);
  for (const [, name] of JSON.stringify(schemas).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(String(name) in schemas, String(name));
  }
  assert.ok('/api/v1/nodes/{name}/status' in (at(openApiV3(all, '', 'v1'), 'paths') as JsonObject));
});

test('a custom kind is described as its definition says, with the fields of every object added', () => {
  const schema = at(openApiV3(all, 'x.example.com', 'v1'), 'components', 'schemas', 'com.example.x.v1.Widget');
  assert.is(at(schema, 'properties', 'spec', 'properties', 'size', 'description'), 'How big.');
  assert.is(at(schema, 'properties', 'kind', 'type'), 'string');
  assert.equal(at(schema, 'x-kubernetes-group-version-kind'), [
    { group: 'x.example.com', version: 'v1', kind: 'Widget' },
  ]);
});

test('nothing is said of a group or version that is not served', () => {
  assert.is(openApiV3(all, 'x.example.com', 'v2'), undefined);
  assert.is(openApiV3(all, 'authorization.k8s.io', 'v1'), undefined);
});

test('version 2 says the same in its own words', () => {
  const document = openApiV2(all);
  const text = JSON.stringify(document);
  assert.not.match(text, /components|oneOf|allOf|nullable|requestBody/);
  const spec = at(document, 'definitions', 'com.example.x.v1.Widget', 'properties', 'spec', 'properties');
  assert.equal(at(spec, 'since'), {});
  assert.equal(at(spec, 'port'), { 'x-kubernetes-int-or-string': true });
  const patch = at(document, 'paths', '/api/v1/nodes/{name}', 'patch');
  assert.equal(at(patch, 'consumes'), [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
  ]);
  assert.equal(at(patch, 'responses', '200', 'schema'), { $ref: '#/definitions/io.k8s.api.core.v1.Node' });
});

test('the protocol buffer holds what the JSON holds', () => {
  const bytes = openApiV2Protobuf(openApiV2(all));
  const document = fieldsIn(bytes);
  assert.is(textOf(document, 1), '2.0');
  const paths = fieldsIn(one(document, 8)).map(({ content }) => textOf(fieldsIn(content), 1));
  assert.ok(paths.includes('/api/v1/nodes/{name}/status'));
  const definitions = fieldsIn(one(document, 9)).map(({ content }) => fieldsIn(content));
  const lease = definitions.find((definition) => textOf(definition, 1) === 'com.example.x.v1.Widget') ?? [];
  const properties = fieldsIn(one(fieldsIn(one(lease, 2)), 25)).map(({ content }) => textOf(fieldsIn(content), 1));
  assert.equal(properties.sort(), ['apiVersion', 'kind', 'metadata', 'spec']);
});

interface Read {
  readonly field: number;
  readonly content: Uint8Array;
}

/** The fields of a message; numbers come with empty content. */
function fieldsIn(bytes: Uint8Array): Read[] {
  const fields: Read[] = [];
  let at = 0;
  const varint = () => {
    let [value, shift] = [0, 1];
    for (;;) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * shift;
      shift *= 0x80;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const length = tag % 8 === 2 ? varint() : 0;
    fields.push({ field: Math.floor(tag / 8), content: bytes.subarray(at, at + length) });
    at += length;
    if (tag % 8 === 0) varint();
    if (tag % 8 === 1) at += 8;
  }
  assert.is(at, bytes.length);
  return fields;
}

function one(fields: readonly Read[], field: number): Uint8Array {
  return fields.find((each) => each.field === field)?.content ?? new Uint8Array();
}

function textOf(fields: readonly Read[], field: number): string {
  return new TextDecoder().decode(one(fields, field));
}

test.run();
