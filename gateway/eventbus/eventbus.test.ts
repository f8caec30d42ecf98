import { rejected } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import type { LocalDevice } from '@selvedge/contract/gateway-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventBus } from './eventbus.ts';

const device = (setpoint: string, reported: string): LocalDevice => ({
  namespace: 'default',
  name: 'boiler',
  uid: 'u',
  generation: 1,
  protocol: 'modbus',
  state: 'online',
  health: { reason: 'Ready', message: '', since: 1 },
  properties: [
    {
      name: 'setpoint',
      desired: { value: setpoint, revision: { uid: 'u', generation: 1, local: 0 }, origin: 'spec' },
      reported: { value: reported, at: 5, quality: 'good' },
    },
  ],
});

/** A bus that hands every message to whoever subscribed, and keeps what was published. */
function arrange(watched: (topic: string) => boolean = () => true) {
  const published: { topic: string; payload: Record<string, unknown> }[] = [];
  const told: unknown[] = [];
  let deliver: (topic: string, payload: Uint8Array) => void = () => {};
  const bus = new EventBus({
    node: 'edge-1',
    clock: new VirtualClock(),
    log: silentLogger,
    bus: {
      publish: (topic, payload) =>
        void published.push({ topic, payload: JSON.parse(payload) as Record<string, unknown> }),
      subscribe: (_, handler) => {
        deliver = handler;
      },
      isWatched: watched,
    },
    twins: {
      devices: () => [device('60', '59')],
      device: (ref) => (ref.name === 'boiler' ? device('60', '59') : undefined),
      report: (_, values) => void told.push(values),
      reportState: (_, state) => void told.push(state),
      write: (_, property, value) => {
        if (value === '95') throw rejected('AboveMaximum', '95 is above maximum 80');
        told.push(`${property}=${value}`);
      },
    },
  });
  bus.start();
  const send = (topic: string, payload: unknown) =>
    deliver(topic, Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)));
  return { bus, published, told, send };
}

const prefix = '$hw/events/device/default/boiler';
const test = suite("KubeEdge's topics");

test('a mapper of older KubeEdge reports, an application writes, both get the result', () => {
  const { published, told, send } = arrange();
  send(`${prefix}/twin/update`, {
    event_id: 'e1',
    twin: { setpoint: { actual: { value: '61', metadata: { timestamp: 7 } }, expected: { value: '62' } } },
  });
  assert.equal(told, [{ setpoint: { value: '61', at: 7 } }, 'setpoint=62']);
  assert.is(published[0]?.topic, `${prefix}/twin/update/result`);
  assert.is(published[0]?.payload.event_id, 'e1');
});

test('what cannot be done is answered with a code and a reason', () => {
  const { published, send } = arrange();
  send(`${prefix}/twin/update`, { twin: { setpoint: { expected: { value: '95' } } } });
  send(`${prefix}/twin/update`, { twin: { pressure: { expected: { value: '1' } } } });
  send('$hw/events/device/default/kettle/twin/get', {});
  send(`${prefix}/twin/update`, 'garbage');
  assert.equal(
    published.map(({ payload }) => payload.code),
    [400, 404, 404, 400],
  );
  assert.match(String(published[0]?.payload.reason), /above maximum/);
});

test('get answers with every property, membership with every device', () => {
  const { published, send } = arrange();
  send(`${prefix}/twin/get`, { event_id: 'g' });
  send('$hw/events/node/edge-1/membership/get', {});
  send('$hw/events/node/other/membership/get', {});
  assert.equal(published[0]?.payload.twin, {
    setpoint: {
      expected: { value: '60' },
      actual: { value: '59', metadata: { timestamp: 5 } },
      optional: false,
      metadata: { type: 'string' },
    },
  });
  assert.equal(published[1]?.payload.devices, [{ id: 'default/boiler', name: 'boiler', state: 'online' }]);
  assert.is(published.length, 2);
});

test('a state in any case is taken, an unknown one gets no answer', () => {
  const { published, told, send } = arrange();
  send(`${prefix}/state/update`, { state: 'ONLINE' });
  send(`${prefix}/state/update`, { state: 'disconnected' });
  assert.equal(told, ['online']);
  assert.is(published.length, 1);
});

test('a change gives a document and, while something is expected, a delta; only to those who listen', () => {
  const { bus, published } = arrange();
  bus.changed(device('65', '60'), device('60', '60'));
  assert.equal(
    published.map(({ topic }) => topic),
    [`${prefix}/twin/update/document`, `${prefix}/twin/update/delta`],
  );
  assert.equal(published[1]?.payload.delta, { setpoint: '65' });
  published.length = 0;
  bus.changed(device('65', '65'), device('65', '65'));
  assert.equal(published, []);
  const quiet = arrange(() => false);
  quiet.bus.changed(device('65', '60'), undefined);
  assert.equal(quiet.published, []);
});

test.run();
