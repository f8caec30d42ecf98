import type { Device, DeviceProperty } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import type { WriteOutcome, WritePhase } from '@selvedge/contract/outcome';
import type { Revision } from '@selvedge/contract/revision';
import type { Sample } from '@selvedge/contract/sample';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reduce } from './reduce.ts';
import { desiredMessage, emptyTwin, type Twin, type TwinEffect, type TwinEvent } from './twin-state.ts';

const test = suite('twin reducer');

const model = (maximum = '80'): DeviceModel => ({
  metadata: { name: 'model', namespace: 'default', uid: 'm' },
  spec: {
    properties: [
      { name: 'setpoint', type: 'INT', maximum, visitors: { configData: { offset: 1 } } },
      { name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly', visitors: { configData: { offset: 2 } } },
    ],
  },
});

interface Spec {
  readonly generation?: number;
  readonly uid?: string;
  readonly setpoint?: string;
  readonly notes?: Record<string, string>;
  readonly protocol?: string;
  readonly more?: Partial<DeviceProperty>;
}

function device({ generation = 1, uid = 'u1', setpoint, notes, protocol = 'modbus', more }: Spec = {}): Device {
  const desired = setpoint === undefined ? {} : { desired: { value: setpoint, ...(notes && { metadata: notes }) } };
  return {
    metadata: { name: 'boiler', namespace: 'default', uid, generation },
    spec: {
      deviceModelRef: { name: 'model' },
      protocol: { protocolName: protocol },
      properties: [{ name: 'setpoint', ...desired, ...more }, { name: 'temperature' }],
    },
  };
}

/** Applies events one after the other, a millisecond each, and keeps what was to be done. */
class Run {
  twin: Twin = emptyTwin({ namespace: 'default', name: 'boiler', uid: 'u1' }, { state: 'starting' }, 0);
  effects: readonly TwinEffect[] = [];
  now = 0;

  do(event: TwinEvent): this {
    const step = reduce(this.twin, event, ++this.now);
    this.twin = step.twin;
    this.effects = step.effects;
    return this;
  }

  device(spec?: Spec, of: DeviceModel | undefined = model()): this {
    return this.do({ type: 'device', device: device(spec), model: of });
  }

  outcome(phase: WritePhase, revision: Revision, more: Partial<WriteOutcome> = {}): this {
    const outcome: WriteOutcome = { revision, value: '65', origin: 'spec', phase, at: this.now, attempts: 1, ...more };
    return this.do({ type: 'outcome', uid: revision.uid, property: 'setpoint', outcome });
  }

  sample(value: string, more: Partial<Sample> = {}): this {
    const point: Sample = { property: 'setpoint', value, quality: 'good', at: this.now, ...more };
    return this.do({ type: 'samples', uid: 'u1', points: [point] });
  }

  get setpoint() {
    return this.twin.durable.properties.setpoint;
  }
}

const spec = (generation: number): Revision => ({ uid: 'u1', generation, local: 0 });
const types = (effects: readonly TwinEffect[]) => effects.map((effect) => effect.type);

test('takes a device up: configuration first, then its desired values', () => {
  const run = new Run().device({ setpoint: '65' });
  assert.equal(types(run.effects), ['publishConfig', 'publishDesired']);
  assert.equal(run.setpoint?.desired?.revision, spec(1));
  assert.is(run.setpoint?.lastWrite?.phase, 'Accepted');
});

test('does nothing when the same device comes again', () => {
  const run = new Run().device({ setpoint: '65' });
  const before = run.twin;
  run.device({ setpoint: '65' });
  assert.equal(run.effects, []);
  assert.is(run.twin.durable, before.durable);
  assert.is(run.twin.live, before.live);
});

test('keeps the revision while value and notes stay, and makes a new one when either changes', () => {
  const run = new Run().device({ setpoint: '65' }).device({ setpoint: '65', generation: 2 });
  assert.equal(run.setpoint?.desired?.revision, spec(1));
  run.device({ setpoint: '66', generation: 3 });
  assert.equal(run.setpoint?.desired?.revision, spec(3));
  assert.equal(types(run.effects), ['publishDesired', 'publishConfig']);
  run.device({ setpoint: '66', generation: 4, notes: { why: 'again' } });
  assert.equal(run.setpoint?.desired?.revision, spec(4));
});

test('gives a refused value its outcome itself and does not send it to the mapper', () => {
  for (const [setpoint, code] of [
    ['95', 'AboveMaximum'],
    ['warm', 'NotANumber'],
  ] as const) {
    const run = new Run().device({ setpoint });
    assert.is(run.setpoint?.lastWrite?.phase, 'Rejected');
    assert.is(run.setpoint?.lastWrite?.code, code);
    assert.equal(desiredMessage(run.twin.durable).properties, {});
  }
  const readOnly = new Run().do({
    type: 'device',
    model: model(),
    device: { ...device(), spec: { ...device().spec, properties: [{ name: 'temperature', desired: { value: '1' } }] } },
  });
  assert.is(readOnly.twin.durable.properties.temperature?.lastWrite?.code, 'ReadOnly');
});

test('writes a refused value as if it were new once the model allows it', () => {
  const run = new Run().device({ setpoint: '95' }).device({ setpoint: '95' }, model('100'));
  assert.equal(run.setpoint?.desired?.revision, { ...spec(1), local: 1 });
  assert.is(run.setpoint?.lastWrite?.phase, 'Accepted');
  assert.is(desiredMessage(run.twin.durable).properties.setpoint?.value, '95');
});

test('tries again what the device refused when its address changes, and writes where a verified value lies now', () => {
  const more = { visitors: { configData: { offset: 7 } } };
  const refused = new Run().device({ setpoint: '65' }).outcome('Rejected', spec(1), { code: 'IllegalDataAddress' });
  refused.device({ setpoint: '65', generation: 2 });
  assert.is(refused.setpoint?.lastWrite?.phase, 'Rejected');
  refused.device({ setpoint: '65', generation: 3, more });
  assert.equal(refused.setpoint?.desired?.revision, spec(3));
  const verified = new Run().device({ setpoint: '65' }).outcome('Verified', spec(1), { readBack: '65' });
  verified.device({ setpoint: '65', generation: 2, more: { collectCycle: 500 } });
  assert.is(verified.setpoint?.lastWrite?.phase, 'Verified');
  verified.device({ setpoint: '65', generation: 3, more });
  assert.is(verified.setpoint?.lastWrite?.phase, 'Accepted');
});

test('holds a local write until the desired value of the spec changes', () => {
  const run = new Run().device({ setpoint: '65' }).do({ type: 'write', property: 'setpoint', value: '70' });
  assert.equal(run.setpoint?.desired?.revision, { uid: 'u1', generation: 1, local: 1 });
  assert.is(run.setpoint?.desired?.origin, 'local');
  assert.is(run.setpoint?.spec?.value, '65');
  run.device({ setpoint: '65', generation: 2 });
  assert.is(run.setpoint?.desired?.value, '70');
  run.do({ type: 'write', property: 'setpoint', value: '71' });
  assert.equal(run.setpoint?.desired?.revision, { uid: 'u1', generation: 2, local: 1 });
  run.device({ setpoint: '66', generation: 3 });
  assert.equal(run.setpoint?.desired, { value: '66', revision: spec(3), origin: 'spec' });
});

test('never lets a sample from before the newest acknowledged write become what is reported', () => {
  const run = new Run().device({ setpoint: '60' }).sample('60');
  run.device({ setpoint: '65', generation: 2 }).outcome('Acknowledged', spec(2)).sample('60');
  assert.is(run.twin.live.reported.setpoint?.value, '60');
  run.sample('65', { acked: spec(2) }).sample('60', { acked: spec(1) });
  assert.is(run.twin.live.reported.setpoint?.value, '65');
  run.sample('64', { acked: spec(2) });
  assert.is(run.twin.live.reported.setpoint?.value, '64');
});

test('lets a mapper that was started anew report, though it knows of no write', () => {
  const run = new Run().device({ setpoint: '65' }).outcome('Verified', spec(1), { readBack: '65' });
  run.do({ type: 'mapper', presence: { state: 'up', session: '1' } }).sample('66');
  assert.is(run.twin.live.reported.setpoint?.value, '66');
});

test('keeps the last value with its time when a poll fails, and marks it', () => {
  const run = new Run().device().sample('60', { at: 5 });
  const point: Sample = { property: 'setpoint', quality: 'bad', reason: 'no answer', at: 99 };
  run.do({ type: 'samples', uid: 'u1', points: [point] });
  assert.equal(run.twin.live.reported.setpoint, { value: '60', at: 5, quality: 'bad', qualityReason: 'no answer' });
});

test('tells why a property was never read', () => {
  const point: Sample = { property: 'setpoint', quality: 'bad', reason: 'nothing at this address', at: 7 };
  const run = new Run().device().do({ type: 'samples', uid: 'u1', points: [point] });
  assert.equal(run.twin.live.reported.setpoint, { at: 7, quality: 'bad', qualityReason: 'nothing at this address' });
});

test('follows a write to its end and keeps the outcome on the bus, whatever comes late or twice', () => {
  const run = new Run().device({ setpoint: '65' }).outcome('Sent', spec(1));
  assert.equal(run.effects, []);
  run.outcome('Verified', spec(1), { readBack: '65' });
  assert.equal(types(run.effects), ['publishDesired']);
  assert.is(desiredMessage(run.twin.durable).properties.setpoint?.outcome?.phase, 'Verified');
  run.outcome('Acknowledged', spec(1)).outcome('Sent', spec(1));
  assert.is(run.setpoint?.lastWrite?.phase, 'Verified');
  run.outcome('Sent', spec(1), { attempts: 2 });
  assert.is(run.setpoint?.lastWrite?.phase, 'Sent');
});

test('ignores the outcome of a value that was superseded, but for what the device has taken', () => {
  const run = new Run().device({ setpoint: '65' }).device({ setpoint: '66', generation: 2 });
  run.outcome('Verified', spec(1), { readBack: '65' });
  assert.equal(run.setpoint?.lastWrite?.revision, spec(2));
  assert.is(run.setpoint?.lastWrite?.phase, 'Accepted');
  assert.equal(run.twin.live.acked.setpoint, spec(1));
});

test('begins afresh for a new object of the same name', () => {
  const run = new Run()
    .device({ setpoint: '65' })
    .outcome('Verified', spec(1))
    .sample('65', { acked: spec(1) });
  run.device({ uid: 'u2', setpoint: '65' });
  assert.is(run.setpoint?.lastWrite?.phase, 'Accepted');
  assert.is(run.setpoint?.desired?.revision.uid, 'u2');
  assert.equal(run.twin.live.reported, {});
  const before = run.twin;
  run.outcome('Verified', spec(1)).sample('12');
  assert.is(run.twin, before);
});

test('stops serving a device whose model is gone, and goes on where it was when the model is back', () => {
  const run = new Run().device({ setpoint: '65' }).outcome('Verified', spec(1), { readBack: '65' });
  run.do({ type: 'device', device: device({ setpoint: '65' }), model: undefined });
  assert.equal(run.effects, [{ type: 'clearConfig', protocol: 'modbus' }]);
  assert.is(run.twin.live.health.reason, 'NoModel');
  run.device({ setpoint: '65' });
  assert.equal(types(run.effects), ['publishConfig', 'publishDesired']);
  assert.is(run.setpoint?.lastWrite?.phase, 'Verified');
});

test('moves a device to the mapper of another protocol', () => {
  const run = new Run().device().device({ protocol: 'opcua', generation: 2 });
  assert.equal(run.effects[0], { type: 'clearConfig', protocol: 'modbus' });
  assert.equal(types(run.effects), ['clearConfig', 'publishConfig']);
});

test('tells how a device is served: no mapper, starting, the mapper word, down, starting again', () => {
  const run = new Run().device();
  const reason = () => run.twin.live.health.reason;
  assert.is(reason(), 'Pending');
  run.do({ type: 'mapper', presence: { state: 'absent' } });
  assert.is(reason(), 'NoMapper');
  run.do({ type: 'mapper', presence: { state: 'up', session: '1' } });
  assert.is(reason(), 'Pending');
  const word = { uid: 'u1', generation: 1, message: 'fine', since: 1 };
  run.do({ type: 'health', message: { ...word, reason: 'Ready' } });
  assert.is(reason(), 'Ready');
  run.do({ type: 'health', message: { ...word, uid: 'other', reason: 'LineDown' } });
  assert.is(reason(), 'Ready');
  run.do({ type: 'mapper', presence: { state: 'down', reason: 'exit code 1' } });
  assert.is(reason(), 'MapperDown');
  run.do({ type: 'mapper', presence: { state: 'up', session: '2' } });
  assert.is(reason(), 'Pending');
});

test('a device that is said to be ready has answered then, before any value came, and not again when it is said again', () => {
  const run = new Run().device().do({ type: 'mapper', presence: { state: 'up', session: '1' } });
  const word = { uid: 'u1', generation: 1, message: '' };
  run.do({ type: 'health', message: { ...word, reason: 'LineDown', since: 5 } });
  assert.is(run.twin.live.lastOnlineAt, undefined);
  run.do({ type: 'health', message: { ...word, reason: 'Ready', since: 7 } });
  assert.is(run.twin.live.lastOnlineAt, 7);
  run.do({ type: 'health', message: { ...word, reason: 'DeviceUnreachable', since: 9 } });
  run.do({ type: 'health', message: { ...word, reason: 'Ready', since: 7 } });
  assert.is(run.twin.live.lastOnlineAt, 7);
});

test('carries the last word over a restart of the gateway until the mapper speaks again', () => {
  const run = new Run().device().do({ type: 'mapper', presence: { state: 'up', session: '1' } });
  run.do({ type: 'health', message: { uid: 'u1', generation: 1, reason: 'Ready', message: 'fine', since: 1 } });
  run.twin = { ...run.twin, live: { ...run.twin.live, mapper: { state: 'starting' } } };
  run.device().do({ type: 'mapper', presence: { state: 'up', session: '2' } });
  assert.is(run.twin.live.health.reason, 'Ready');
});

test("takes a foreign mapper's finding of the desired value as its read-back", () => {
  const run = new Run().device({ setpoint: '65' }).do({ type: 'mapper', presence: { state: 'absent' } });
  run.do({ type: 'foreignState', state: 'online' });
  assert.is(run.twin.live.health.reason, 'Ready');
  run.do({ type: 'foreignValues', values: { setpoint: { value: '60', at: 1 } } });
  assert.is(run.setpoint?.lastWrite?.phase, 'Accepted');
  run.do({ type: 'foreignValues', values: { setpoint: { value: '65', at: 2 } } });
  assert.is(run.setpoint?.lastWrite?.phase, 'Verified');
  assert.is(run.twin.live.reported.setpoint?.value, '65');
});

test('forgets what belonged to a property that is gone', () => {
  const run = new Run()
    .device({ setpoint: '65' })
    .outcome('Verified', spec(1))
    .sample('65', { acked: spec(1) });
  run.device({ generation: 2 });
  assert.is(run.setpoint?.desired, undefined);
  assert.equal(run.twin.live.acked, {});
  const without = { ...device({ generation: 3 }), spec: { ...device().spec, properties: [{ name: 'temperature' }] } };
  run.do({ type: 'device', device: without, model: model() });
  assert.equal(Object.keys(run.twin.durable.properties), ['temperature']);
  assert.equal(run.twin.live.reported, {});
});

test('values of names that every object inherits are of no property, whoever sends them', () => {
  const run = new Run().device({ setpoint: '65' });
  const before = run.twin;
  for (const property of ['constructor', '__proto__', 'toString']) {
    const revision = { uid: 'u1', generation: 1, local: 0 };
    run.sample('1', { property });
    run.do({ type: 'foreignValues', values: { [property]: { value: '1', at: 1 } } });
    run.do({
      type: 'outcome',
      uid: 'u1',
      property,
      outcome: { revision, value: '1', origin: 'spec', phase: 'Verified', at: 1, attempts: 1 },
    });
  }
  assert.equal(run.twin.durable, before.durable);
  assert.equal(run.twin.live.reported, {});
  assert.equal(run.twin.live.acked, {});
});

test.run();
