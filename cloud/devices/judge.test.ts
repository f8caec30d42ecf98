import { readFileSync } from 'node:fs';
import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import type { ProtocolSchema } from '@selvedge/contract/protocol-schema';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { judgeDevice, judgeModel } from './judge.ts';

const test = suite('judge of devices');

const bus: ProtocolSchema = {
  protocol: 'bus',
  config: {
    type: 'object',
    properties: {
      unitId: { type: 'integer', minimum: 0, maximum: 247, 'x-aliases': ['slaveID'] },
      host: { type: 'string' },
    },
    required: ['host'],
  },
  visitor: {
    type: 'object',
    properties: { address: { type: 'integer', minimum: 0, maximum: 65_535, 'x-aliases': ['offset'] } },
    required: ['address'],
  },
};
const protocols = new Map([['bus', bus]]);

const model = (visitor: Record<string, unknown> | undefined = { offset: 1 }): DeviceModel => ({
  metadata: { name: 'm' },
  spec: {
    protocol: 'bus',
    properties: [
      { name: 'valve', type: 'INT', maximum: '100', ...(visitor ? { visitors: { configData: visitor } } : {}) },
      { name: 'flow', type: 'INT', accessMode: 'ReadOnly', visitors: { configData: { offset: 2 } } },
    ],
  },
});

const device = (config: Record<string, unknown>, properties: Device['spec']['properties'] = []): Device => ({
  metadata: { name: 'd', namespace: 'default' },
  spec: {
    deviceModelRef: { name: 'm' },
    nodeName: 'edge-1',
    protocol: { protocolName: 'BUS', configData: config },
    properties: properties ?? [],
  },
});

const fields = (subject: Device, theModel: DeviceModel | undefined = model()) =>
  judgeDevice(theModel, subject, protocols).problems.map(({ field, reason }) => `${field}: ${reason}`);

test('finds nothing wrong with what is right, in whatever case and type it was written', () => {
  const right = device({ HOST: '10.0.0.1', slaveid: '0x11' }, [
    { name: 'valve', desired: { value: '50' } },
    { name: 'flow' },
  ]);
  assert.equal(fields(right), []);
});

test('names the place, the value and the reason of each thing that is wrong', () => {
  const subject = device({ host: 'h', slaveID: 300 }, [
    { name: 'valve', desired: { value: '101' }, visitors: { configData: { offset: 70_000 } } },
    { name: 'flow', desired: { value: '1' } },
    { name: 'nonsense' },
    { name: 'valve' },
  ]);
  const { problems } = judgeDevice(model(), subject, protocols);
  const places = problems.map(({ field, value, concerns }) => `${field} = ${JSON.stringify(value)} (${concerns})`);
  assert.equal(places, [
    'spec.properties[3].name = "valve" (config)',
    'spec.protocol.configData.slaveID = 300 (config)',
    'spec.properties[0].desired.value = "101" (desired)',
    'spec.properties[0].visitors.configData.offset = 70000 (config)',
    'spec.properties[1].desired.value = "1" (desired)',
    'spec.properties[2].name = "nonsense" (config)',
  ]);
  assert.match(problems[1]?.reason ?? '', 'must be from 0 to 247');
});

test('asks for what is missing where it belongs', () => {
  assert.equal(fields(device({})), ['spec.protocol.configData.host: missing; add it']);
  const bare = model(undefined);
  bare.spec.properties?.[0] && delete bare.spec.properties[0].visitors;
  assert.match(
    fields(device({ host: 'h' }, [{ name: 'valve' }]), bare)[0] ?? '',
    'spec.properties[0].visitors.configData: say',
  );
});

test('a property whose name the gateway cannot take is named, be it in the model or not', () => {
  for (const name of ['constructor', '__proto__', 'two words']) {
    const odd: DeviceModel = { ...model(), spec: { protocol: 'bus', properties: [{ name, type: 'INT' }] } };
    const { problems } = judgeDevice(
      odd,
      device({ host: 'h' }, [{ name, visitors: { configData: { offset: 1 } } }]),
      protocols,
    );
    assert.equal(
      problems.map(({ field, value, concerns }) => [field, value, concerns]),
      [['spec.properties[0].name', name, 'config']],
    );
    assert.match(problems[0]?.reason ?? '', 'a name has 1 to 128 of');
  }
});

test('a fault of the model is the model’s, not the device’s', () => {
  const faulty = model({ offset: 70_000 });
  const judged = judgeDevice(faulty, device({ host: 'h' }, [{ name: 'valve' }]), protocols);
  assert.equal(
    judged.problems.map(({ origin }) => origin),
    ['model'],
  );
  assert.equal(
    judgeModel(faulty, protocols).map(({ field }) => field),
    ['spec.properties[0].visitors.configData.offset'],
  );
  assert.equal(judgeModel(model({}), protocols), [], 'what is missing may stand in the device');
});

test('without its model a device waits; of a protocol nobody has published a schema for nothing is said', () => {
  assert.is(judgeDevice(undefined, device({}), protocols).unresolved?.reason, 'NoModel');
  const unknown = device({ anything: {} });
  unknown.spec.protocol = { protocolName: 'other', configData: { anything: 1 } };
  assert.equal(fields(unknown), []);
});

test('KubeEdge’s own samples pass', () => {
  const read = (name: string) => parse(readFileSync(new URL(`../../crds/samples/${name}`, import.meta.url), 'utf8'));
  const sampleModel = read('kubeedge-v1beta1-model.yaml') as DeviceModel;
  const sample = read('kubeedge-v1beta1-device.yaml') as Device;
  assert.equal(judgeDevice(sampleModel, sample, protocols).problems, []);
});

test('a nodeName that no gateway can have is wrong, also while the model is missing', () => {
  const subject = device({ host: 'h' });
  for (const nodeName of ['Edge 1', 'edge_1', '-edge', 'e'.repeat(254)]) {
    const named = { ...subject, spec: { ...subject.spec, nodeName } };
    for (const theModel of [model(), undefined]) {
      const { problems } = judgeDevice(theModel, named, protocols);
      assert.equal(
        problems.map(({ field, value, concerns }) => [field, value, concerns]),
        [['spec.nodeName', nodeName, 'config']],
      );
    }
  }
  assert.equal(fields({ ...subject, spec: { ...subject.spec, nodeName: 'edge-1.plant' } }), []);
  assert.equal(fields({ ...subject, spec: { ...subject.spec, nodeName: '' } }), []);
});

test.run();
