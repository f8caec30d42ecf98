import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StatusError } from '../server/status.ts';
import { decodeProtobuf as decode } from './decode.ts';

const decodeProtobuf = (body: Buffer) => decode(body, 'ConfigMap');
const magic = Buffer.from('6b387300', 'hex');

/** A field with a length; a text stands for its bytes. */
const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
};
const number = (at: number, value: number): Buffer => Buffer.concat([varint(at << 3), varint(value)]);
const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
};
const envelope = (apiVersion: string, kind: string, ...raw: Buffer[]): Buffer =>
  Buffer.concat([magic, field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])), field(2, Buffer.concat(raw))]);

/** What `kubectl create configmap seven --from-literal=a=1` sends, byte for byte. */
const fromKubectl = Buffer.from(
  '6b3873000a0f0a02763112' +
    '09436f6e6669674d6170' +
    '121f0a150a05736576656e12001a00220' +
    '02a00320038004200' +
    '12060a0161120131' +
    '1a002200',
  'hex',
);

const test = suite('protocol buffer bodies');

test('a config map as kubectl sends it', () => {
  assert.equal(decodeProtobuf(fromKubectl), {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'seven' },
    data: { a: '1' },
  });
});

test('bytes become base64', () => {
  const entry = Buffer.concat([field(1, 'user'), field(2, Buffer.from([0, 255]))]);
  assert.equal(decodeProtobuf(envelope('v1', 'Secret', field(2, entry), field(3, 'Opaque'))), {
    kind: 'Secret',
    apiVersion: 'v1',
    data: { user: 'AP8=' },
    type: 'Opaque',
  });
});

test('a zero is left out unless its field means something when zero', () => {
  const spec = Buffer.concat([number(2, 0), field(6, '')]);
  assert.equal(decodeProtobuf(envelope('coordination.k8s.io/v1', 'Lease', field(2, spec))).spec, {
    leaseDurationSeconds: 0,
  });
});

test('times, whole and with microseconds', () => {
  const at = Buffer.concat([number(1, 1_577_836_800), number(2, 123_456_789)]);
  const event = decodeProtobuf(envelope('v1', 'Event', field(6, at), field(10, at)));
  assert.is(event.firstTimestamp, '2020-01-01T00:00:00Z');
  assert.is(event.eventTime, '2020-01-01T00:00:00.123456Z');
});

test('a port by number or by name', () => {
  const port = (target: Buffer) => field(1, Buffer.concat([number(3, 80), field(4, target)]));
  const spec = Buffer.concat([
    port(Buffer.concat([number(1, 0), number(2, 8080)])),
    port(Buffer.concat([number(1, 1), field(3, 'http')])),
  ]);
  assert.equal(decodeProtobuf(envelope('v1', 'Service', field(2, spec))).spec, {
    ports: [
      { port: 80, targetPort: 8080 },
      { port: 80, targetPort: 'http' },
    ],
  });
});

test('options of a deletion, of whichever group', () => {
  const options = Buffer.concat([number(1, 0), field(2, field(1, 'some-uid')), field(4, 'Orphan'), field(5, 'All')]);
  assert.equal(decodeProtobuf(envelope('any.example.com/v1', 'DeleteOptions', options)), {
    kind: 'DeleteOptions',
    apiVersion: 'any.example.com/v1',
    gracePeriodSeconds: 0,
    preconditions: { uid: 'some-uid' },
    propagationPolicy: 'Orphan',
    dryRun: ['All'],
  });
});

test('a kind without a table is refused by name', () => {
  assert.throws(
    () => decodeProtobuf(envelope('v1', 'Pod')),
    (error: unknown) => error instanceof StatusError && error.code === 400 && /"Pod" of "v1"/.test(error.message),
  );
  assert.throws(() => decodeProtobuf(envelope('', 'constructor')), /cannot be read/);
});

test('a body that would be many more fields than bytes of memory allow is refused', () => {
  const many = Buffer.alloc(500_000);
  for (let at = 0; at < many.length; at += 2) many[at] = 0x80 >> 4;
  assert.throws(() => decodeProtobuf(envelope('v1', 'ConfigMap', many)), /more than 200000 fields/);
});

const onlyRefuses = (body: Buffer): void => {
  try {
    decodeProtobuf(body);
  } catch (error) {
    if (!(error instanceof StatusError && error.code === 400)) throw error;
  }
};

test('a body cut anywhere is read or refused with 400', () => {
  for (let length = 0; length <= fromKubectl.length; length += 1) onlyRefuses(fromKubectl.subarray(0, length));
});

test('random bytes in every kind are read or refused with 400', () => {
  const kinds = ['v1 ConfigMap', 'v1 Service', 'v1 Event', 'coordination.k8s.io/v1 Lease', 'v1 DeleteOptions'];
  const body = fc.tuple(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 200 })).map(([key, bytes]) => {
    const [apiVersion = '', kind = ''] = key.split(' ');
    return envelope(apiVersion, kind, Buffer.from(bytes));
  });
  fc.assert(fc.property(body, onlyRefuses), { numRuns: 2_000 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => onlyRefuses(Buffer.from(bytes))));
});

test('a body with one byte changed is read or refused with 400', () => {
  const change = fc.tuple(fc.nat(fromKubectl.length - 1), fc.nat(255));
  fc.assert(
    fc.property(change, ([at, byte]) => {
      const body = Buffer.from(fromKubectl);
      body[at] = byte;
      onlyRefuses(body);
    }),
    { numRuns: 2_000 },
  );
});

test.run();
