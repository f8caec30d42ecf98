import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reduce } from './reduce.ts';
import { type OutgoingReport, ReportLedger } from './report-ledger.ts';
import { dueAt, gatheringTime, heartbeat } from './reporting.ts';
import { emptyTwin, type Twin } from './twin-state.ts';

const test = suite('reports');

const policy = { reportCycle: 100, deadband: 0, reportToCloud: true };
const reading = (value: string, at: number, more: object = {}) => ({
  reported: { value, at, quality: 'good' as const, ...more },
});

test('tells a first value at once, a changed one after its cycle, an unchanged one at the heartbeat', () => {
  assert.is(dueAt(policy, undefined, {}, 5), undefined);
  assert.is(dueAt(policy, undefined, reading('1', 1), 5), 5);
  const told = { at: 1_000, property: reading('1', 900) };
  assert.is(dueAt(policy, told, reading('2', 1_010), 1_010), 1_100);
  assert.is(dueAt(policy, told, reading('1', 1_010), 1_010), 1_000 + heartbeat);
  assert.is(dueAt(policy, told, reading('1', 900), 1_010), undefined);
});

test('never lets quality or the end of a write wait, but a step of a write that is on its way', () => {
  const told = { at: 1_000, property: reading('1', 900) };
  const bad = reading('1', 900, { quality: 'bad', qualityReason: 'no answer' });
  assert.is(dueAt(policy, told, bad, 1_001), 1_001);
  const revision = { uid: 'u', generation: 1, local: 0 };
  const lastWrite = { revision, value: '1', origin: 'spec', phase: 'Verified', at: 1, attempts: 1 } as const;
  const quiet = { ...policy, reportToCloud: false };
  assert.is(dueAt(quiet, told, { ...told.property, lastWrite }, 1_001), 1_001);
  const sent = { ...told.property, lastWrite: { ...lastWrite, phase: 'Sent' as const } };
  assert.is(dueAt(policy, told, sent, 1_050, 1_001), 1_001 + gatheringTime);
  assert.is(dueAt(quiet, told, reading('2', 1_010), 1_010), undefined);
});

test('lets changes below the deadband wait for the heartbeat, counted from what was told', () => {
  const coarse = { ...policy, deadband: 0.5 };
  const told = { at: 1_000, property: reading('20', 900) };
  assert.is(dueAt(coarse, told, reading('20.4', 1_010), 1_010), 1_000 + heartbeat);
  assert.is(dueAt(coarse, told, reading('20.5', 1_020), 1_020), 1_100);
  assert.is(dueAt(coarse, told, reading('fault', 1_020), 1_020), 1_100);
});

const model: DeviceModel = {
  metadata: { name: 'm', namespace: 'default' },
  spec: { properties: [{ name: 'a', type: 'INT', visitors: { configData: {} } }] },
};
const device: Device = {
  metadata: { name: 'd', namespace: 'default', uid: 'u', generation: 3 },
  spec: {
    deviceModelRef: { name: 'm' },
    protocol: { protocolName: 'modbus' },
    properties: [{ name: 'a', reportCycle: 100, desired: { value: '1' } }],
  },
};
const taken = (): Twin =>
  reduce(
    emptyTwin({ namespace: 'default', name: 'd', uid: 'u' }, { state: 'starting' }, 0),
    { type: 'device', device, model },
    1,
  ).twin;
const sampled = (twin: Twin, value: string, at: number): Twin =>
  reduce(twin, { type: 'samples', uid: 'u', points: [{ property: 'a', value, quality: 'good', at }] }, at).twin;

function takeAll(ledger: ReportLedger, twin: Twin, now: number): OutgoingReport[] {
  const reports: OutgoingReport[] = [];
  for (let report = ledger.take(twin, now, now); report; report = ledger.take(twin, now, now)) reports.push(report);
  return reports;
}

test('tells everything once after a start, state first, then nothing', () => {
  const ledger = new ReportLedger();
  const twin = sampled(taken(), '5', 10);
  const [state, values, ...more] = takeAll(ledger, twin, 10);
  assert.equal(more, []);
  assert.is(state?.kind, 'state');
  assert.is(state?.content.observed_generation, 3);
  assert.equal(values?.kind === 'twin' && values.content.twin.a?.actual?.value, '5');
  assert.is(values?.kind === 'twin' && values.content.twin.a?.expected?.value, '1');
  assert.not(ledger.isSettled(twin, 10));
  for (const report of [state, values]) ledger.confirmed(report?.token ?? 0);
  assert.ok(ledger.isSettled(twin, 10));
  assert.is(ledger.due(twin, 10), undefined);
});

test('keeps one report on its way, and sends the newest value after it', () => {
  const ledger = new ReportLedger();
  let twin = sampled(taken(), '5', 10);
  const reports = takeAll(ledger, twin, 10);
  twin = sampled(sampled(twin, '6', 20), '7', 30);
  assert.is(ledger.due(twin, 30), undefined);
  for (const { token } of reports) ledger.confirmed(token);
  assert.is(ledger.due(twin, 30), 110);
  const [next] = takeAll(ledger, twin, 110);
  assert.is(next?.kind === 'twin' && next.content.twin.a?.actual?.value, '7');
});

test('tells at the heartbeat when the device last answered, though nothing else changed', () => {
  const ledger = new ReportLedger();
  let twin = sampled(taken(), '5', 10);
  for (const { token } of takeAll(ledger, twin, 10)) ledger.confirmed(token);
  twin = sampled(twin, '5', 20);
  assert.is(ledger.due(twin, 20), 10 + heartbeat);
  const late = takeAll(ledger, twin, 10 + heartbeat);
  assert.equal(
    late.map(({ kind }) => kind),
    ['state', 'twin'],
  );
});

test('tells a device that was made anew from the beginning', () => {
  const ledger = new ReportLedger();
  let twin = sampled(taken(), '5', 10);
  const old = takeAll(ledger, twin, 10);
  const anew = { ...device, metadata: { ...device.metadata, uid: 'u2' } };
  twin = reduce(twin, { type: 'device', device: anew, model }, 20).twin;
  const points = [{ property: 'a', value: '5', quality: 'good' as const, at: 20 }];
  twin = reduce(twin, { type: 'samples', uid: 'u2', points }, 20).twin;
  const reports = takeAll(ledger, twin, 20);
  assert.equal(
    reports.map(({ kind, content }) => [kind, content.device_uid]),
    [
      ['state', 'u2'],
      ['twin', 'u2'],
    ],
  );
  for (const { token } of old) ledger.confirmed(token);
  assert.not(ledger.isSettled(twin, 20));
});

test('builds a lost report afresh, and a confirmation that comes after that changes nothing', () => {
  const ledger = new ReportLedger();
  let twin = sampled(taken(), '5', 10);
  const first = takeAll(ledger, twin, 10);
  twin = sampled(twin, '9', 20);
  for (const { token } of first) ledger.lost(token);
  const second = takeAll(ledger, twin, 20);
  assert.equal(
    second.map(({ kind }) => kind),
    ['state', 'twin'],
  );
  assert.is(second[1]?.kind === 'twin' && second[1].content.twin.a?.actual?.value, '9');
  for (const { token } of first) ledger.confirmed(token);
  assert.not(ledger.isSettled(twin, 20));
});

test.run();
