import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { builtinDefinitions, definitionOf, schemaFor } from './builtin.ts';
import { customSchema } from './custom.ts';
import { references } from './walk.ts';

const test = suite('schemas');

test('a built-in kind is found, with merge keys and list types where the original has them', () => {
  const pod = schemaFor({ group: '', version: 'v1', kind: 'Pod' });
  const containers = pod?.properties?.spec?.properties?.containers;
  assert.is(containers?.['x-kubernetes-patch-merge-key'], 'name');
  assert.equal(containers?.['x-kubernetes-list-map-keys'], ['name']);
  const ports = containers?.items?.properties?.ports;
  assert.is(ports?.['x-kubernetes-patch-merge-key'], 'containerPort');
  assert.equal(ports?.['x-kubernetes-list-map-keys'], ['containerPort', 'protocol']);
  assert.is(ports?.items?.properties?.protocol?.default, 'TCP');
  assert.is(schemaFor({ group: 'apps', version: 'v1', kind: 'Deployment' }), undefined);
});

test('a schema that contains itself is a circle, with what stands beside the reference kept', () => {
  const crd = schemaFor({ group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' });
  const schema = crd?.properties?.spec?.properties?.versions?.items?.properties?.schema?.properties?.openAPIV3Schema;
  const nested = schema?.properties?.not;
  assert.is(nested, nested?.properties?.not);
  const inMap = schema?.properties?.properties?.additionalProperties;
  assert.is(typeof inMap === 'object' && inMap.properties?.type?.type, 'string');
});

test('the committed definitions are closed and hold no prose', () => {
  for (const [name, schema] of Object.entries(builtinDefinitions)) {
    assert.is(schema.description, undefined, name);
    for (const reference of references(schema)) assert.ok(builtinDefinitions[reference], `${name} -> ${reference}`);
  }
  const kinds = ['Namespace', 'Node', 'Pod', 'ConfigMap', 'Secret', 'Event', 'Service', 'ServiceAccount'];
  for (const kind of kinds) assert.ok(definitionOf({ group: '', version: 'v1', kind }), kind);
});

test('a custom kind gets the metadata of all objects, and so does an embedded resource', () => {
  const schema = customSchema({
    type: 'object',
    properties: {
      metadata: { type: 'object' },
      spec: { type: 'object', properties: { inner: { type: 'object', 'x-kubernetes-embedded-resource': true } } },
    },
  });
  assert.is(schema.properties?.metadata?.properties?.labels?.type, 'object');
  assert.is(schema.properties?.kind?.type, 'string');
  const owners = schema.properties?.spec?.properties?.inner?.properties?.metadata?.properties?.ownerReferences;
  assert.equal(owners?.['x-kubernetes-list-map-keys'], ['uid']);
});

test.run();
