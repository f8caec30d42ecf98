import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Identity, mayPublish, mayReceive, maySubscribe } from './access.ts';
import { PacketBound } from './packet-bound.ts';

const test = suite('bus access');

const modbus: Identity = { party: 'mapper', id: 'modbus' };
const app: Identity = { party: 'app' };
const owner = ({ name }: { name: string }) => ({ boiler: 'modbus', meter: 'opcua' })[name];
const filled = (topic: string) => ({ topic, empty: false });
const cleared = (topic: string) => ({ topic, empty: true });

const cases: [topic: string, who: Identity, publish: boolean, receive: boolean][] = [
  ['selvedge/v1/mapper/modbus/state', modbus, true, false],
  ['selvedge/v1/mapper/opcua/state', modbus, false, false],
  ['selvedge/v1/mapper/modbus/state', app, false, true],
  ['selvedge/v1/mapper/modbus/device/default/boiler', modbus, false, true],
  ['selvedge/v1/mapper/opcua/device/default/meter', modbus, false, false],
  ['selvedge/v1/mapper/modbus/device/default/boiler', app, false, false],
  ['selvedge/v1/device/default/boiler/desired', modbus, false, true],
  ['selvedge/v1/device/default/meter/desired', modbus, false, false],
  ['selvedge/v1/device/default/boiler/desired', app, false, true],
  ['selvedge/v1/device/default/boiler/samples', modbus, true, false],
  ['selvedge/v1/device/default/meter/samples', modbus, false, false],
  ['selvedge/v1/device/default/gone/health', modbus, false, false],
  ['selvedge/v1/device/default/boiler/samples', app, false, true],
  ['selvedge/v1/something/new', app, false, false],
  ['$hw/events/device/default/boiler/twin/update', app, true, true],
  ['$hw/events/device/default/boiler/twin/update', modbus, false, false],
  ['$hw/events/device/default/boiler/twin/update/delta', app, false, true],
  ['$hw/events/node/edge-1/membership/updated', app, false, true],
  ['plant/user/alarm', app, true, true],
  ['plant/user/alarm', modbus, false, false],
  ['plant/other', app, false, false],
  ['$SYS/broker/new/clients', app, false, false],
];

for (const [topic, who, publish, receive] of cases) {
  test(`${who.party === 'app' ? 'app' : who.id}: ${topic}`, () => {
    assert.is(mayPublish(who, filled(topic), owner), publish, 'publish');
    assert.is(mayReceive(who, filled(topic), owner), receive, 'receive');
  });
}

test('lets a mapper clear what is left of a device that is gone', () => {
  assert.ok(mayPublish(modbus, cleared('selvedge/v1/device/default/gone/health'), owner));
  assert.not(mayPublish(modbus, cleared('selvedge/v1/device/default/meter/health'), owner));
  assert.ok(mayReceive(modbus, cleared('selvedge/v1/device/default/gone/desired'), owner));
});

test('allows any wildcard, as each message is judged on its way, and no hopeless single topic', () => {
  assert.ok(maySubscribe(app, '#'));
  assert.ok(maySubscribe(modbus, 'selvedge/v1/device/+/+/desired'));
  assert.not(maySubscribe(app, '$SYS/uptime'));
  assert.not(maySubscribe(modbus, 'plant/user/alarm'));
});

test('finds a packet that is too long by the length it announces, however it is cut', () => {
  const packet = (length: number[]) => Uint8Array.from([0x30, ...length]);
  assert.ok(new PacketBound(200).accepts(packet([0xc8, 0x01])));
  assert.not(new PacketBound(199).accepts(packet([0xc8, 0x01])));
  const cut = new PacketBound(199);
  assert.ok(cut.accepts(Uint8Array.from([0xc0, 0x00, 0x30, 0x02, 0x41])));
  assert.ok(cut.accepts(Uint8Array.from([0x41, 0x30])));
  assert.ok(cut.accepts(Uint8Array.from([0xc8])));
  assert.not(cut.accepts(Uint8Array.from([0x01])));
  assert.not(new PacketBound(1e9).accepts(packet([0xff, 0xff, 0xff, 0xff])));
});

test.run();
