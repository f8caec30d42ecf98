import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { judgeDevice, judgeModel } from '../devices/judge.ts';
import { deviceAdmission, type Review } from './device-admission.ts';

const test = suite('device admission');
const resource = { group: 'devices.kubeedge.io', version: 'v1beta1', resource: 'devices' };

const model: DeviceModel = {
  metadata: { name: 'm', namespace: 'default' },
  spec: {
    protocol: 'imaginary',
    properties: [
      { name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly', visitors: { configData: { at: 1 } } },
      { name: 'setpoint', type: 'FLOAT', maximum: '80', unit: 'Cel', visitors: { configData: { at: 2 } } },
    ],
  },
};

const device = (setpoint: string, more: Partial<Device['spec']> = {}): Device => ({
  metadata: { name: 'boiler', namespace: 'default' },
  spec: {
    deviceModelRef: { name: 'm' },
    nodeName: 'edge-1',
    properties: [{ name: 'temperature' }, { name: 'setpoint', desired: { value: setpoint } }],
    ...more,
  },
});

const inUse: Device[] = [];
const admit = deviceAdmission({
  device: (theModel, subject) => judgeDevice(theModel, subject, new Map()),
  model: (theModel) => judgeModel(theModel, new Map()),
  devicesOf: () => inUse,
});

const review = (object: unknown, more: Partial<Review> = {}): Review => ({
  operation: 'CREATE',
  resource,
  namespace: 'default',
  name: 'boiler',
  object,
  get: (_, __, name) => (name === 'm' ? model : undefined),
  ...more,
});

const causesOf = (answer: ReturnType<typeof admit>) =>
  answer.allowed ? [] : answer.causes.map(({ field, reason, message }) => `${reason} ${field}: ${message}`);

test('refuses a desired value that the model forbids, with its place and what to do', () => {
  assert.equal(causesOf(admit(review(device('95')))), [
    'FieldValueInvalid spec.properties[1].desired.value: Invalid value: "95": 95 Cel is above maximum 80 Cel; change the desired value or the model',
  ]);
  assert.equal(admit(review(device('80'))), { allowed: true, warnings: [] });
});

test('refuses two properties of one name, also while the model is missing', () => {
  const twice = device('1', { deviceModelRef: { name: 'later' }, properties: [{ name: 'a' }, { name: 'a' }] });
  assert.match(causesOf(admit(review(twice)))[0] ?? '', 'spec.properties[1].name: Invalid value: "a"');
});

test('lets a device wait for its model and its node, and says so', () => {
  const early = device('1', { deviceModelRef: { name: 'later' }, nodeName: '' });
  const answer = admit(review(early));
  assert.equal(answer.allowed && answer.warnings, [
    'Device waits until DeviceModel "later" exists',
    'Device waits until spec.nodeName names its gateway',
  ]);
});

test('an edit of something else goes through although the model has changed since; making it worse does not', () => {
  const update = (before: Device, after: Device) => admit(review(after, { operation: 'UPDATE', oldObject: before }));
  const moved = update(device('95'), device('95', { nodeName: 'edge-2' }));
  assert.ok(moved.allowed);
  assert.match(moved.warnings?.[0] ?? '', '95 Cel is above maximum');
  assert.not(update(device('95'), device('96')).allowed);
  assert.ok(update(device('95'), device('60')).allowed);
});

test('judges neither a status nor a deletion nor other kinds', () => {
  assert.equal(admit(review(device('95'), { subresource: 'status' })), { allowed: true });
  assert.equal(admit(review(undefined, { operation: 'DELETE' })), { allowed: true });
  assert.equal(admit(review({}, { resource: { ...resource, group: '', resource: 'pods' } })), { allowed: true });
});

test('a model that no longer fits its devices is let through with a warning for each', () => {
  inUse.push(device('75'));
  const narrower: DeviceModel = structuredClone(model);
  Object.assign(narrower.spec.properties?.[1] ?? {}, { maximum: '70' });
  const models = { ...resource, resource: 'devicemodels' };
  const answer = admit(review(narrower, { operation: 'UPDATE', oldObject: model, resource: models, name: 'm' }));
  assert.ok(answer.allowed);
  assert.match(
    answer.warnings?.[0] ?? '',
    'Device "boiler" does not fit this model: spec.properties[1].desired.value: 75 Cel',
  );
});

test('survives objects of any shape', () => {
  for (const object of [{}, { metadata: {} }, { metadata: { name: 'x' }, spec: {} }]) {
    assert.ok(admit(review(object)).allowed);
    assert.ok(admit(review(object, { resource: { ...resource, resource: 'devicemodels' } })).allowed);
  }
});

test.run();
