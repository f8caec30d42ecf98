import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device, DeviceProperty } from './device.ts';
import type { DeviceModel } from './device-model.ts';
import { resolve } from './resolve.ts';

const model: DeviceModel = {
  metadata: { name: 'boiler-model' },
  spec: {
    protocol: 'Modbus',
    protocolConfigData: { port: 1502, timeout: 1000 },
    properties: [
      {
        name: 'temperature',
        type: 'FLOAT',
        accessMode: 'ReadOnly',
        visitors: { configData: { register: 'InputRegister', offset: 0 } },
      },
      { name: 'setpoint', type: 'FLOAT', minimum: '5', maximum: '80', unit: 'Cel' },
    ],
  },
};

const device = (properties: DeviceProperty[], more: Partial<Device['spec']> = {}): Device => ({
  metadata: {
    name: 'boiler',
    namespace: 'default',
    uid: 'u1',
    generation: 3,
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: {
    deviceModelRef: { name: 'boiler-model' },
    nodeName: 'edge-1',
    protocol: { configData: { ip: 'h', port: 1 } },
    properties,
    ...more,
  },
});

const test = suite('resolve');

test("a device's keys go over its model's, one by one", () => {
  const resolution = resolve(model, device([{ name: 'temperature', visitors: { configData: { offset: 7 } } }]));
  assert.ok(resolution.ok);
  assert.equal(resolution.device.config, { port: 1, timeout: 1000, ip: 'h' });
  assert.equal(resolution.device.properties[0]?.visitor, { register: 'InputRegister', offset: 7 });
  assert.is(resolution.device.protocol, 'modbus');
});

test('a missing model is waited for, a missing reference is a mistake', () => {
  const waiting = resolve(undefined, device([]));
  assert.ok(!waiting.ok && waiting.reason === 'NoModel' && waiting.message.includes('"boiler-model"'));
  const mistaken = resolve(undefined, device([], { deviceModelRef: {} }));
  assert.ok(!mistaken.ok && mistaken.reason === 'InvalidConfig');
});

test('a property that is wrong is left out and named, the others work', () => {
  const resolution = resolve(
    model,
    device([
      { name: 'temperature' },
      { name: 'temperature' },
      { name: 'pressure', visitors: { configData: {} } },
      { name: 'setpoint', desired: { value: '60' } },
    ]),
  );
  assert.ok(resolution.ok);
  assert.equal(
    resolution.device.properties.map((property) => property.name),
    ['temperature'],
  );
  assert.is(resolution.problems.length, 3);
  assert.match(
    resolution.problems.join('; '),
    /"temperature" stands twice.*"pressure" is not in DeviceModel.*"setpoint" has no visitors/,
  );
  assert.equal(resolution.desired, { setpoint: { value: '60' } });
});

test('cycles have defaults, and one above a day is suspected of being in nanoseconds', () => {
  const resolution = resolve(model, device([{ name: 'temperature', collectCycle: 10_000_000_000 }]));
  assert.ok(resolution.ok);
  assert.match(resolution.warnings[0] ?? '', /nanoseconds/);
  const plain = resolve(model, device([{ name: 'temperature' }]));
  assert.ok(plain.ok);
  assert.is(plain.device.properties[0]?.collectCycle, 1_000);
  assert.is(plain.device.properties[0]?.reportCycle, 1_000);
  assert.is(plain.device.properties[0]?.reportToCloud, true);
});

test('fields that have no effect yet are named', () => {
  const resolution = resolve(model, device([{ name: 'temperature', pushMethod: {} }], { methods: [{ name: 'm' }] }));
  assert.ok(resolution.ok);
  assert.equal(resolution.warnings, [
    'spec.methods is kept but has no effect yet',
    'spec.properties[].pushMethod is kept but has no effect yet',
  ]);
});

test('a name that every object inherits is refused, so that no record of properties has it from the start', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const resolution = resolve(model, device([{ name, desired: { value: '1' } }]));
    assert.ok(resolution.ok);
    assert.match(resolution.problems.join(), `property "${name}": a name has`);
    assert.equal([resolution.device.properties, Reflect.ownKeys(resolution.desired)], [[], []]);
    assert.is(Object.getPrototypeOf(resolution.desired), Object.prototype);
  }
});

test.run();
