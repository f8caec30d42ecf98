import { connect as connectTcp } from 'node:net';
import { FieldError } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import mqtt, { type MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EmbeddedBus } from './embedded-bus.ts';

const test = suite<{ bus: EmbeddedBus; clients: MqttClient[] }>('embedded bus');

test.before.each(async (context) => {
  const ownerOf = ({ name }: { name: string }) => (name === 'boiler' ? 'modbus' : undefined);
  context.bus = await EmbeddedBus.start({ port: 0, ownerOf, log: silentLogger });
  context.clients = [];
});
test.after.each(async ({ bus, clients }) => {
  for (const client of clients) await client.endAsync(true);
  await bus.stop();
});

async function join(context: { bus: EmbeddedBus; clients: MqttClient[] }, login: mqtt.IClientOptions = {}) {
  const client = await mqtt.connectAsync(context.bus.state.address, { reconnectPeriod: 0, ...login });
  context.clients.push(client);
  const received: string[] = [];
  client.on('message', (topic, payload) => received.push(`${topic} ${payload}`));
  return { client, received };
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 3_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited 3 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('gives a mapper its retained configuration and desired values, and nothing of others', async (context) => {
  const { bus } = context;
  bus.publish('selvedge/v1/mapper/modbus/device/default/boiler', '{"a":1}', { retain: true, qos: 1 });
  bus.publish('selvedge/v1/device/default/boiler/desired', '{"b":1}', { retain: true, qos: 1 });
  bus.publish('selvedge/v1/mapper/opcua/device/default/meter', '{"c":1}', { retain: true, qos: 1 });
  const { client, received } = await join(context, bus.login('modbus'));
  await client.subscribeAsync(['selvedge/v1/mapper/+/device/+/+', 'selvedge/v1/device/+/+/desired'], { qos: 1 });
  await until(() => received.length === 2);
  bus.publish('selvedge/v1/device/default/boiler/desired', '{"b":2}', { retain: true, qos: 1 });
  await until(() => received.length === 3);
  assert.equal(received.sort(), [
    'selvedge/v1/device/default/boiler/desired {"b":1}',
    'selvedge/v1/device/default/boiler/desired {"b":2}',
    'selvedge/v1/mapper/modbus/device/default/boiler {"a":1}',
  ]);
});

test('drops what a client may not say, and keeps the connection', async (context) => {
  const { bus } = context;
  const heard: string[] = [];
  bus.subscribe('selvedge/v1/device/+/+/samples', (topic, payload) => heard.push(`${topic} ${Buffer.from(payload)}`));
  const mapper = await join(context, bus.login('modbus'));
  const app = await join(context);
  await app.client.publishAsync('selvedge/v1/device/default/boiler/samples', 'from app', { qos: 1 });
  await mapper.client.publishAsync('selvedge/v1/device/default/meter/samples', 'not mine', { qos: 1 });
  await mapper.client.publishAsync('selvedge/v1/device/default/boiler/samples', 'mine', { qos: 1 });
  await until(() => heard.length > 0);
  assert.equal(heard, ['selvedge/v1/device/default/boiler/samples mine']);
  assert.ok(app.client.connected && mapper.client.connected);
});

test('refuses a wrong password, an unknown user, and a password that was replaced', async (context) => {
  const { bus } = context;
  const old = bus.login('modbus');
  const { username, password } = bus.login('modbus');
  for (const login of [old, { username, password: 'guess' }, { username: 'root', password: '' }]) {
    let refused = false;
    try {
      await mqtt.connectAsync(bus.state.address, { ...login, reconnectPeriod: 0 });
    } catch {
      refused = true;
    }
    assert.ok(refused);
  }
  await join(context, { username, password });
});

test('knows whether anybody listens to an answer of the event bus', async (context) => {
  const { bus } = context;
  const topic = '$hw/events/device/default/boiler/twin/update/delta';
  const { client } = await join(context);
  await client.subscribeAsync('#');
  assert.not(bus.isWatched(topic));
  await client.subscribeAsync('$hw/events/device/+/+/twin/update/delta');
  assert.ok(bus.isWatched(topic));
  await client.endAsync();
  await until(() => !bus.isWatched(topic));
});

test('closes a connection that announces a packet above the bound, before its bytes are there', async (context) => {
  const socket = connectTcp(Number(new URL(context.bus.state.address).port), '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.resume();
  socket.write(Buffer.from('101000044d5154540402003c000474657374', 'hex'));
  socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1]));
  await closed;
  await join(context);
});

test('says which port is taken', async ({ bus }) => {
  const port = Number(new URL(bus.state.address).port);
  try {
    await EmbeddedBus.start({ port, ownerOf: () => undefined, log: silentLogger });
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof FieldError && error.code === 'PortInUse' && error.message.includes(String(port)));
  }
});

test.run();
