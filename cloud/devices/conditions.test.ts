import type { Device, DeviceStatus } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConditionInput, conditions, ready, synced } from './conditions.ts';
import { judgeDevice } from './judge.ts';

const test = suite('device conditions');
const at = Date.UTC(2026, 0, 1);

const model: DeviceModel = {
  metadata: { name: 'm' },
  spec: {
    protocol: 'imaginary',
    properties: [
      { name: 'setpoint', type: 'FLOAT', maximum: '80', unit: 'Cel', visitors: { configData: { at: 1 } } },
      { name: 'mode', type: 'STRING', visitors: { configData: { at: 2 } } },
    ],
  },
};

const device = (desired: Record<string, string> = { setpoint: '65' }, node = 'edge-1'): Device => ({
  metadata: { name: 'boiler', namespace: 'default', uid: 'u', generation: 2 },
  spec: {
    deviceModelRef: { name: 'm' },
    nodeName: node,
    properties: Object.entries(desired).map(([name, value]) => ({ name, desired: { value } })),
  },
});

type Write = NonNullable<NonNullable<DeviceStatus['twins']>[number]['lastWrite']>;
const write = (more: Partial<Write> = {}): Write => ({
  uid: 'u',
  generation: 2,
  value: '65',
  origin: 'spec',
  phase: 'Verified',
  at: new Date(at).toISOString(),
  attempts: 1,
  readBack: '65',
  ...more,
});

const reportedAt = (value: string, timestamp: number) => ({
  value,
  quality: 'good' as const,
  metadata: { timestamp: String(timestamp) },
});

const status = (lastWrite: Write | undefined, more: Partial<DeviceStatus> = {}): DeviceStatus => ({
  observedGeneration: 2,
  state: 'online',
  twins: [{ propertyName: 'setpoint', reported: reportedAt('65', at), ...(lastWrite ? { lastWrite } : {}) }],
  ...more,
});

function input(more: Partial<ConditionInput> = {}): ConditionInput {
  const subject = more.device ?? device();
  const theModel = 'model' in more ? more.model : model;
  return {
    device: subject,
    status: status(write()),
    model: theModel,
    judgement: judgeDevice(theModel, subject, new Map()),
    unreachable: undefined,
    moving: undefined,
    health: { reason: 'Ready', message: 'it answers' },
    now: at,
    ...more,
  };
}

const readyOf = (more: Partial<ConditionInput>) => `${ready(input(more)).status} ${ready(input(more)).reason}`;
const syncedOf = (more: Partial<ConditionInput>) => `${synced(input(more)).status} ${synced(input(more)).reason}`;

test('Ready names the first thing that stands in the way', () => {
  assert.is(readyOf({}), 'True Ready');
  assert.is(readyOf({ device: device({}, '') }), 'False NoNode');
  assert.is(readyOf({ model: undefined }), 'False NoModel');
  assert.is(readyOf({ device: device({ nonsense: '1' }) }), 'False InvalidConfig');
  assert.is(readyOf({ moving: 'waiting for edge-2' }), 'False Moving');
  assert.is(readyOf({ unreachable: 'lost' }), 'Unknown GatewayUnreachable');
  assert.is(readyOf({ status: status(write(), { observedGeneration: 1 }) }), 'False Pending');
  assert.is(readyOf({ health: { reason: 'LineDown', message: 'no carrier' } }), 'False LineDown');
});

test('a gateway that is only a slip of the pen is not said to have told the values', () => {
  assert.match(
    ready(input({ unreachable: 'lost' })).message,
    /not been heard of for 30 s; the values are the last it told/,
  );
  const { message } = ready(input({ device: device({}, 'egde-1'), unreachable: 'unseen' }));
  assert.is(
    message,
    'gateway "egde-1" has not connected since the cloud started; see that spec.nodeName is right, and that it runs',
  );
});

test('a gateway’s view outlives a restart of the cloud, and an outage of the gateway', () => {
  const lineDown = {
    type: 'Ready',
    status: 'False' as const,
    reason: 'LineDown',
    message: 'x',
    lastTransitionTime: '',
  };
  assert.is(readyOf({ health: undefined, status: status(write(), { conditions: [lineDown] }) }), 'False LineDown');
  const away = { ...lineDown, status: 'Unknown' as const, reason: 'GatewayUnreachable' };
  assert.is(readyOf({ health: undefined, status: status(write(), { conditions: [away] }) }), 'True Ready');
  const offline = status(write(), { conditions: [away], state: 'offline' });
  assert.is(readyOf({ health: undefined, status: offline }), 'False DeviceUnreachable');
});

test('Synced follows the last write', () => {
  assert.is(syncedOf({}), 'True Verified');
  assert.is(syncedOf({ device: device({}) }), 'True NothingDesired');
  assert.is(syncedOf({ status: status(write({ phase: 'Sent' })) }), 'False Pending');
  assert.is(syncedOf({ status: status(write({ phase: 'Rejected', reason: 'no' })) }), 'False Rejected');
  assert.is(syncedOf({ status: status(write({ phase: 'Failed', reason: 'no' })) }), 'False Pending', 'is tried again');
  assert.is(syncedOf({ status: status(write({ value: '60', readBack: '60' })) }), 'False Pending', 'an older value');
  assert.is(syncedOf({ status: status(write({ uid: 'earlier' })) }), 'False Pending', 'of a device of the same name');
  assert.is(syncedOf({ status: status(write({ value: '65.0' })) }), 'True Verified', 'the same number in other words');
  assert.is(syncedOf({ status: status(write({ origin: 'local', value: '40' })) }), 'False Drifted');
});

test('Synced is never true before the gateway has taken up the generation', () => {
  assert.is(syncedOf({ status: status(write(), { observedGeneration: 1 }) }), 'False Pending');
  assert.is(syncedOf({ device: device({}), status: status(undefined, { observedGeneration: 1 }) }), 'False Pending');
});

test('Synced says Drifted only for a good value that was read after the write and differs from what was read back', () => {
  const drifted = (value: string, timestamp: number, quality: 'good' | 'bad') => {
    const reported = { ...reportedAt(value, timestamp), quality };
    return syncedOf({
      status: status(undefined, { twins: [{ propertyName: 'setpoint', reported, lastWrite: write() }] }),
    });
  };
  assert.is(drifted('70', at + 1, 'good'), 'False Drifted');
  assert.is(drifted('70', at - 1, 'good'), 'True Verified');
  assert.is(drifted('70', at + 1, 'bad'), 'True Verified');
  assert.is(drifted('65', at + 1, 'good'), 'True Verified');
});

test('one value that can never be written outweighs one that is on its way, and both name their property', () => {
  const verdict = synced(input({ device: device({ setpoint: '95', mode: 'eco' }) }));
  assert.is(verdict.reason, 'Invalid');
  assert.match(verdict.message, 'setpoint: 95 Cel is above maximum 80 Cel');
});

test('a KubeEdge edge tells no outcome: the value that it reports decides', () => {
  const twin = { propertyName: 'setpoint', reported: { value: '65', metadata: { timestamp: '1' } } };
  assert.is(syncedOf({ status: status(undefined, { twins: [twin] }) }), 'True Verified');
  const other = { ...twin, reported: { ...twin.reported, value: '60' } };
  assert.is(syncedOf({ status: status(undefined, { twins: [other] }) }), 'False Pending');
});

test('a condition keeps its transition time while its status stays, and others’ conditions are kept', () => {
  const first = conditions(input());
  const foreign = { type: 'Inspected', status: 'True', reason: 'x', message: '', lastTransitionTime: '' } as const;
  const before = status(write({ phase: 'Sent' }), { conditions: [...first, foreign] });
  const second = conditions(input({ status: before, now: at + 1_000 }));
  const byType = (type: string) => second.find((condition) => condition.type === type);
  assert.is(byType('Ready')?.lastTransitionTime, new Date(at).toISOString());
  assert.is(byType('Synced')?.lastTransitionTime, new Date(at + 1_000).toISOString());
  assert.is(byType('Synced')?.observedGeneration, 2);
  assert.equal(byType('Inspected'), foreign);
});

test.run();
