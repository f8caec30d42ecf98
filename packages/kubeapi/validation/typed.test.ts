import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../json.ts';
import { schemaFor } from '../openapi/builtin.ts';
import type { Schema } from '../openapi/schema.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { conformTyped, TypeMismatch } from './typed.ts';

const test = suite('built-in kinds as their Go types');

const schemaOf = (kind: string, group = ''): Schema => {
  const schema = schemaFor({ group, version: 'v1', kind });
  if (schema === undefined) throw new Error(`no schema of ${kind}`);
  return schema;
};
const map = schemaOf('ConfigMap');

function mismatchOf(object: JsonObject, kind: string, group = ''): TypeMismatch {
  try {
    conformTyped(object, schemaOf(kind, group), kind);
  } catch (error) {
    if (error instanceof TypeMismatch) return error;
    throw error;
  }
  return assert.unreachable('it fits') as never;
}

test('what the type does not know goes, and is named', () => {
  const object: JsonObject = { metadata: { name: 'a', colour: 'red' }, datum: {}, data: { any: 'thing' } };
  assert.equal(conformTyped(object, map, 'ConfigMap'), ['metadata.colour', 'datum']);
  assert.equal(object, { metadata: { name: 'a' }, data: { any: 'thing' } });
});

test('nulls, empty lists and empty maps go; empty structs stay', () => {
  const pod: JsonObject = {
    metadata: { name: 'a', labels: {}, finalizers: [], creationTimestamp: null },
    spec: { containers: [], volumes: [{ name: 'v', emptyDir: {} }], nodeSelector: {}, hostNetwork: null },
  };
  assert.equal(conformTyped(pod, schemaOf('Pod'), 'Pod'), []);
  assert.equal(pod, { metadata: { name: 'a' }, spec: { containers: [], volumes: [{ name: 'v', emptyDir: {} }] } });
});

test('a misfit is named as the decoder names it, and as the converter of patches does', () => {
  const number = mismatchOf({ data: { a: 1 } }, 'ConfigMap');
  assert.is(number.message, 'json: cannot unmarshal number into Go struct field ConfigMap.data of type string');
  assert.is(number.converted, 'cannot convert int64 to string');
  const list = mismatchOf({ spec: { containers: { a: 1 } } }, 'Pod');
  assert.is(
    list.message,
    'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
  );
  assert.is(list.converted, 'cannot restore slice from map[string]interface {}');
  const deep = mismatchOf({ spec: { containers: [{ name: 'a', ports: [{ containerPort: 1.5 }] }] } }, 'Pod');
  assert.is(
    deep.message,
    'json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  );
});

test('bytes are base64, times are RFC 3339, and microseconds have six digits', () => {
  assert.is(mismatchOf({ data: { a: 'not base64' } }, 'Secret').message, 'illegal base64 data at input byte 3');
  assert.is(mismatchOf({ data: { a: 'abc' } }, 'Secret').message, 'illegal base64 data at input byte 0');
  const lease = (renewTime: string) => mismatchOf({ spec: { renewTime } }, 'Lease', 'coordination.k8s.io').message;
  const layout = '"2006-01-02T15:04:05.000000Z07:00"';
  assert.is(lease('soon'), `parsing time "soon" as ${layout}: cannot parse "soon" as "2006"`);
  assert.is(
    lease('2020-01-01T00:01:00Z'),
    `parsing time "2020-01-01T00:01:00Z" as ${layout}: cannot parse "Z" as ".000000"`,
  );
  assert.is(lease('2020-01-01T00:01:00.000001Zx'), 'parsing time "2020-01-01T00:01:00.000001Zx": extra text: "x"');
});

test('any JSON is brought into form or refused with a TypeMismatch', () => {
  fc.assert(
    fc.property(fc.constantFrom('Pod', 'Service', 'Event', 'Node'), fc.jsonValue({ maxDepth: 4 }), (kind, value) => {
      const object = { metadata: value, spec: value, status: value } as JsonObject;
      try {
        conformTyped(object, schemaOf(kind), kind);
      } catch (error) {
        if (!(error instanceof TypeMismatch)) throw error;
      }
    }),
    { numRuns: 200 },
  );
});

test('members that a text has twice are found wherever they stand', () => {
  assert.equal(duplicateFields('{"a":1,"b":{"a":2}}'), []);
  assert.equal(duplicateFields('{"spec":{"flow":1,"flow":2,"flow":3}}'), ['spec.flow']);
  assert.equal(duplicateFields('[{"x":"a,\\"x\\":1","x":[]}]'), ['[0].x']);
  assert.equal(duplicateFields('{"l":[1,{"a":{},"a":[{}]}],"l":0}'), ['l[1].a', 'l']);
});

test('what JSON.stringify writes has no member twice', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(duplicateFields(JSON.stringify(value)), [])));
});

test.run();
