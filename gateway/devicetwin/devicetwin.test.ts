import { millis, seconds } from '@selvedge/base/duration';
import { FieldError } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DeviceTwins } from './devicetwin.ts';

const test = suite('device twins');

const model: DeviceModel = {
  metadata: { name: 'm', namespace: 'default' },
  spec: { properties: [{ name: 'setpoint', type: 'INT', maximum: '80', visitors: { configData: {} } }] },
};
const device = (setpoint = '60', name = 'boiler', uid = 'u1'): Device => ({
  metadata: { name, namespace: 'default', uid, generation: Number(setpoint) },
  spec: {
    deviceModelRef: { name: 'm' },
    protocol: { protocolName: 'modbus' },
    properties: [{ name: 'setpoint', desired: { value: setpoint } }],
  },
});

function arrange(disk = new Map<string, { state: unknown; live: unknown }>()) {
  const clock = new VirtualClock();
  const published: string[] = [];
  const events: string[] = [];
  let failing = false;
  let saves = 0;
  const twins = new DeviceTwins({
    clock,
    log: silentLogger,
    bus: {
      publish: (topic, payload) => void published.push(`${topic.replace('selvedge/v1/', '')} ${payload.slice(0, 1)}`),
    },
    store: {
      load: () => [...disk].map(([key, row]) => ({ device: key, ...row })),
      save: (states) => {
        if (failing) throw new Error('disk full');
        saves++;
        for (const [key, state] of states) disk.set(key, { live: undefined, ...disk.get(key), state });
      },
      touch: () => {},
      remove: (key) => void disk.delete(key),
    },
    onReport: (key) => void events.push(`report ${key}`),
    onChange: (key, after, before) => void events.push(`${before ? (after ? 'changed' : 'gone') : 'new'} ${key}`),
  });
  twins.start();
  const settle = () => clock.advance(millis(0));
  const fail = (on: boolean) => {
    failing = on;
  };
  return { twins, clock, published, events, disk, settle, fail, saves: () => saves };
}

const config = 'mapper/modbus/device/default/boiler';
const desired = 'device/default/boiler/desired';

test('saves everything of one turn in one transaction, and only then tells anybody', async () => {
  const { twins, published, disk, settle, saves } = arrange();
  for (let index = 0; index < 100; index++) twins.applied(device('60', `d${index}`, `u${index}`), model);
  assert.equal(published, []);
  await settle();
  assert.is(saves(), 1);
  assert.is(disk.size, 100);
  assert.is(published.length, 200);
});

test('does nothing while the disk fails, and all of it when the disk is back', async () => {
  const { twins, clock, published, disk, settle, fail } = arrange();
  fail(true);
  twins.applied(device(), model);
  await settle();
  assert.equal([published, disk.size], [[], 0]);
  fail(false);
  await clock.advance(seconds(1));
  assert.equal(published, [`${config} {`, `${desired} {`]);
  assert.is(disk.size, 1);
});

test('goes on from disk: the same device again changes nothing, and everything retained is published once more', async () => {
  const first = arrange();
  first.twins.applied(device(), model);
  await first.settle();
  const second = arrange(
    new Map(JSON.parse(JSON.stringify([...first.disk])) as [string, { state: unknown; live: unknown }][]),
  );
  second.twins.applied(device(), model);
  await second.settle();
  assert.equal(second.published, []);
  second.twins.republish();
  assert.equal(second.published, [`${config} {`, `${desired} {`]);
  assert.is(second.saves(), 0);
});

test('knows which retained topics speak of devices that are not here', async () => {
  const { twins, settle } = arrange();
  twins.applied(device(), model);
  await settle();
  assert.not(twins.isStray(`selvedge/v1/${config}`));
  assert.not(twins.isStray(`selvedge/v1/${desired}`));
  assert.ok(twins.isStray('selvedge/v1/mapper/opcua/device/default/boiler'));
  assert.ok(twins.isStray('selvedge/v1/device/default/gone/desired'));
  assert.not(twins.isStray('selvedge/v1/mapper/modbus/state'));
});

test('waits with a deletion for the mapper to let go, but not for ever', async () => {
  for (const speaks of [true, false]) {
    const { twins, clock, published, disk, settle } = arrange();
    twins.applied(device(), model);
    twins.setPresence('modbus', { state: 'up', session: '1' });
    await settle();
    published.length = 0;
    let done = false;
    void twins.removed({ namespace: 'default', name: 'boiler' }, 'u1').then(() => {
      done = true;
    });
    await settle();
    assert.equal(published, [`${config} `]);
    assert.is(disk.size, 0);
    assert.not(done);
    if (speaks) twins.onMessage('selvedge/v1/device/default/boiler/health', new Uint8Array());
    await clock.advance(speaks ? millis(0) : seconds(2));
    assert.ok(done);
    assert.equal(published.slice(1), [`${desired} `, 'device/default/boiler/health ']);
  }
});

test('does not touch a successor of the same name', async () => {
  const { twins, settle, published } = arrange();
  twins.applied(device('60', 'boiler', 'u2'), model);
  await settle();
  published.length = 0;
  await twins.removed({ namespace: 'default', name: 'boiler' }, 'u1');
  assert.equal(published, []);
  assert.ok(twins.get('default/boiler'));
});

test('accepts a local write durably before it returns, and says why it does not', () => {
  const { twins, disk } = arrange();
  const write = (name: string, property: string, value: string) => () =>
    twins.write({ namespace: 'default', name }, property, value);
  const refuses = (code: string) => (error: unknown) => error instanceof FieldError && error.code === code;
  assert.throws(write('boiler', 'setpoint', '1'), refuses('NotFound'));
  twins.applied(device(), undefined);
  assert.throws(write('boiler', 'setpoint', '1'), refuses('NoModel'));
  twins.applied(device(), model);
  assert.throws(write('boiler', 'setpoint', '81'), refuses('AboveMaximum'));
  assert.throws(write('boiler', 'pressure', '1'), refuses('UnknownProperty'));
  write('boiler', 'setpoint', '70')();
  assert.match(JSON.stringify(disk.get('default/boiler')), '"value":"70"');
});

test('drops garbage from the bus and values from others than the mapper that serves the device', async () => {
  const { twins, settle } = arrange();
  twins.applied(device(), model);
  twins.setPresence('modbus', { state: 'up', session: '1' });
  await settle();
  const before = twins.get('default/boiler');
  for (const topic of ['samples', 'outcome', 'health']) {
    twins.onMessage(`selvedge/v1/device/default/boiler/${topic}`, Buffer.from('{"uid":'));
    twins.onMessage(`selvedge/v1/device/default/boiler/${topic}`, Buffer.from('{"uid":7}'));
  }
  await settle();
  assert.is(twins.get('default/boiler'), before);
  const values = { setpoint: { value: '99', at: 1 } };
  assert.throws(
    () => twins.foreign({ namespace: 'default', name: 'boiler' }, { type: 'foreignValues', values }),
    (error: unknown) => error instanceof FieldError && error.code === 'ServedHere',
  );
});

test('asks for a report when one is due, and again when its cycle is over', async () => {
  const { twins, clock, events, settle } = arrange();
  twins.applied(device(), model);
  await settle();
  assert.ok(events.includes('report default/boiler'));
  for (let report = twins.nextReport('default/boiler'); report; report = twins.nextReport('default/boiler')) {
    twins.confirmed('default/boiler', report.token);
  }
  const sample = (value: string) => {
    const points = [{ property: 'setpoint', value, quality: 'good', at: clock.now() }];
    twins.onMessage('selvedge/v1/device/default/boiler/samples', Buffer.from(JSON.stringify({ uid: 'u1', points })));
  };
  sample('60');
  await clock.advance(seconds(1));
  for (let report = twins.nextReport('default/boiler'); report; report = twins.nextReport('default/boiler')) {
    twins.confirmed('default/boiler', report.token);
  }
  assert.equal(twins.unsettled(), []);
  events.length = 0;
  await clock.advance(millis(100));
  sample('61');
  await settle();
  assert.not(events.includes('report default/boiler'));
  await clock.advance(seconds(1));
  assert.ok(events.includes('report default/boiler'));
  twins.stop();
});

test.run();
