import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseHwTopic } from './hw-topics.ts';
import { maxPayloadBytes } from './json-payload.ts';
import { buildTopic, decodePayload, parseTopic, type TopicName, topics } from './topics.ts';

const test = suite('topics');
const names = Object.keys(topics) as TopicName[];

test('a topic that was built is parsed to what it was built from', () => {
  for (const name of names) {
    const parameters = { mapper: 'modbus', namespace: 'default', name: 'boiler' };
    const parsed = parseTopic(buildTopic(name, parameters));
    assert.is(parsed?.name, name);
    for (const [key, value] of Object.entries(parsed?.parameters ?? {}))
      assert.is(value, parameters[key as keyof typeof parameters]);
  }
});

test('a parameter left out makes a subscription', () => {
  assert.is(buildTopic('samples', {}), 'selvedge/v1/device/+/+/samples');
  assert.is(buildTopic('deviceConfig', { mapper: 'modbus' }), 'selvedge/v1/mapper/modbus/device/+/+');
});

test('a parameter cannot break out of its level', () => {
  for (const name of ['a/b', '+', '#', ''])
    assert.throws(() => buildTopic('samples', { namespace: 'default', name }), /one topic level/);
});

test('any text is parsed without an error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseTopic(text);
      assert.is(parseHwTopic(text), undefined);
    }),
  );
});

test('garbage payloads are refused with an error of ours', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 200 }), (name, payload) => {
      assert.throws(
        () => decodePayload(name, payload),
        (error: unknown) => error instanceof FieldError,
      );
    }),
  );
  assert.throws(() => decodePayload('samples', new Uint8Array(maxPayloadBytes + 1)), /at most 1048576/);
});

test('a time that no date can hold is refused', () => {
  const payload = (at: number) =>
    Buffer.from(JSON.stringify({ uid: 'u', points: [{ property: 'p', value: '1', quality: 'good', at }] }));
  assert.is(decodePayload('samples', payload(8.64e15)).points.length, 1);
  for (const at of [8.64e15 + 1, 1e300, -1e300])
    assert.throws(() => decodePayload('samples', payload(at)), /points\.0\.at/);
});

test("KubeEdge's topics are understood", () => {
  assert.equal(parseHwTopic('$hw/events/device/default/boiler/twin/update'), {
    type: 'twinUpdate',
    device: { namespace: 'default', name: 'boiler' },
  });
  assert.equal(parseHwTopic('$hw/events/node/edge-1/membership/get'), { type: 'membershipGet', node: 'edge-1' });
  assert.is(parseHwTopic('$hw/events/device/default/boiler/twin/update/result'), undefined);
});

test.run();
