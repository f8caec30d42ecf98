import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceObjectFrame } from '@selvedge/contract/link-build';
import { type LinkMessage, readMessage } from '@selvedge/contract/link-message';
import mqtt from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeCloud } from './edgehub/fake-cloud.ts';

/**
 * The whole gateway as a process, between a cloud of the test's own and a mapper of 40 lines. Real time, real sockets.
 */
const test = suite<{ dir: string; cloud: FakeCloud; processes: ChildProcess[] }>('gateway process');

const fakeMapper = `
import mqtt from ${JSON.stringify(import.meta.resolve('mqtt'))};
import { createInterface } from 'node:readline';
const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit(0));
lines.once('line', async (line) => {
  const config = JSON.parse(line);
  const state = (state) => JSON.stringify({ state, protocol: config.id, pid: process.pid, since: Date.now() });
  const topic = 'selvedge/v1/mapper/' + config.id;
  const will = { topic: topic + '/state', payload: Buffer.from(state('offline')), retain: true, qos: 1 };
  const client = await mqtt.connectAsync(config.broker, { username: config.username, password: config.password, will });
  const publish = (topic, content, options = { qos: 1 }) => client.publishAsync(topic, JSON.stringify(content), options);
  const devices = new Map();
  client.on('message', async (from, payload) => {
    const parts = from.split('/');
    if (parts[4] === 'device') {
      const key = parts[5] + '/' + parts[6];
      const base = 'selvedge/v1/device/' + key;
      if (payload.length === 0) {
        devices.delete(key);
        await client.publishAsync(base + '/health', '', { retain: true, qos: 1 });
        return;
      }
      const { uid, generation } = JSON.parse(payload);
      devices.set(key, uid);
      const health = { uid, generation, reason: 'Ready', message: 'fine', since: Date.now() };
      await publish(base + '/health', health, { retain: true, qos: 1 });
      return;
    }
    if (payload.length === 0) return;
    const base = from.replace(/desired$/, '');
    const { uid, properties } = JSON.parse(payload);
    for (const [property, { value, revision, origin, outcome }] of Object.entries(properties)) {
      if (outcome && outcome.phase !== 'Accepted') continue;
      for (const phase of ['Sent', 'Acknowledged', 'Verified']) {
        const step = { revision, value, origin, phase, at: Date.now(), attempts: 1 };
        const readBack = phase === 'Verified' ? { readBack: value } : {};
        await publish(base + 'outcome', { uid, property, outcome: { ...step, ...readBack } });
      }
      await publish(base + 'samples', { uid, points: [{ property, value, quality: 'good', at: Date.now(), acked: revision }] });
    }
  });
  await client.subscribeAsync([topic + '/device/+/+', 'selvedge/v1/device/+/+/desired'], { qos: 1 });
  await publish(topic + '/state', JSON.parse(state('online')), { retain: true, qos: 1 });
  setInterval(() => {
    for (const [key, uid] of devices) {
      const point = { property: 'temperature', value: '20.5', quality: 'good', at: Date.now() };
      void publish('selvedge/v1/device/' + key + '/samples', { uid, points: [point] }, { qos: 0 });
    }
  }, 50);
});
`;

test.before.each(async (context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'selvedge-gateway-'));
  context.processes = [];
  const folder = join(context.dir, 'mappers', 'echo');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "gateway": { "protocol": "echo", "start": "main" } }');
  writeFileSync(join(folder, 'main.mjs'), fakeMapper);
  context.cloud = await FakeCloud.start();
});
test.after.each(async ({ dir, cloud, processes }) => {
  for (const child of processes) child.kill('SIGKILL');
  await cloud.stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

interface Running {
  readonly child: ChildProcess;
  readonly mqtt: string;
  readonly log: string[];
}

async function startGateway(
  context: { dir: string; cloud: FakeCloud; processes: ChildProcess[] },
  more: string[] = [],
) {
  const { dir, cloud, processes } = context;
  const flags = ['--dir', join(dir, 'gateway'), '--node', 'edge-1', '--cloud', cloud.address, '--mqtt-port', '0'];
  const argv = ['--import', 'tsx', 'gateway/main.ts', ...flags, '--mappers', join(dir, 'mappers'), ...more];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  processes.push(child);
  const log: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => log.push(...text.split('\n').filter(Boolean)));
  const ready = () => log.find((line) => line.includes('"message":"ready"'));
  await until(() => ready() !== undefined || child.exitCode !== null, log);
  assert.ok(ready(), log.join('\n'));
  const running: Running = { child, mqtt: (JSON.parse(ready() ?? '{}') as { mqtt: string }).mqtt, log };
  return running;
}

async function until(condition: () => boolean, log: string[] = []): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited 10 s in vain\n${log.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const messages = (cloud: FakeCloud): LinkMessage[] => cloud.frames.map(readMessage);
const twinReports = (cloud: FakeCloud) =>
  messages(cloud).flatMap((message) => (message.type === 'twinReport' ? [message.content] : []));
const stateReports = (cloud: FakeCloud) =>
  messages(cloud).flatMap((message) => (message.type === 'stateReport' ? [message.content] : []));

const visitor = { visitors: { protocolName: 'echo', configData: {} } };
const model = {
  metadata: { name: 'model', namespace: 'default', uid: 'm', generation: 1, resourceVersion: '1' },
  spec: {
    properties: [
      { name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly', ...visitor },
      { name: 'setpoint', type: 'INT', maximum: '80', ...visitor },
    ],
  },
} as const;
const device = (setpoint: string, generation: number) => ({
  metadata: { name: 'boiler', namespace: 'default', uid: 'u1', generation, resourceVersion: String(generation) },
  spec: {
    deviceModelRef: { name: 'model' },
    protocol: { protocolName: 'echo' },
    properties: [{ name: 'temperature' }, { name: 'setpoint', desired: { value: setpoint } }],
  },
});

function sendDevice(cloud: FakeCloud, setpoint: string, generation: number): string {
  const frame = deviceObjectFrame({ now: Date.now() }, 'update', 'device', device(setpoint, generation));
  cloud.send(frame);
  return frame.header.msg_id;
}

test('enrols, takes a device, has it written, and reports values and outcome', async (context) => {
  const { cloud } = context;
  const gateway = await startGateway(context, ['--token', cloud.token]);
  await until(() => cloud.connected && cloud.frames.length > 2, gateway.log);
  cloud.send(deviceObjectFrame({ now: Date.now() }, 'insert', 'devicemodel', model));
  const id = sendDevice(cloud, '65', 1);
  await until(() => messages(cloud).some((message) => message.type === 'ack' && message.parent === id), gateway.log);
  await until(
    () => twinReports(cloud).some(({ twin }) => twin.setpoint?.last_write?.phase === 'Verified'),
    gateway.log,
  );
  await until(() => twinReports(cloud).some(({ twin }) => twin.temperature?.actual?.value === '20.5'), gateway.log);
  await until(() => stateReports(cloud).some((report) => report.device.state === 'online'), gateway.log);
  const written = twinReports(cloud).find(({ twin }) => twin.setpoint?.last_write?.phase === 'Verified');
  assert.is(written?.device_uid, 'u1');
  assert.is(written?.observed_generation, 1);
  assert.is(written?.twin.setpoint?.last_write?.readBack, '65');

  sendDevice(cloud, '95', 2);
  await until(
    () => twinReports(cloud).some(({ twin }) => twin.setpoint?.last_write?.code === 'AboveMaximum'),
    gateway.log,
  );

  const kinds = messages(cloud).flatMap((message) =>
    message.type === 'object' ? [`${message.operation} ${message.kind}`] : [],
  );
  for (const kind of ['insert node', 'patch nodepatch', 'insert lease']) assert.ok(kinds.includes(kind), kind);
  assert.equal(
    messages(cloud)
      .slice(0, 2)
      .map((message) => message.type),
    ['keepalive', 'held'],
  );

  gateway.child.kill('SIGTERM');
  await until(() => gateway.child.exitCode !== null, gateway.log);
  assert.is(gateway.child.exitCode, 0);
});

test('goes on from disk without a cloud after kill -9, and tells what it holds when the cloud is back', async (context) => {
  const { cloud } = context;
  const first = await startGateway(context, ['--token', cloud.token]);
  await until(() => cloud.connected, first.log);
  cloud.send(deviceObjectFrame({ now: Date.now() }, 'insert', 'devicemodel', model));
  sendDevice(cloud, '65', 4);
  await until(() => twinReports(cloud).some(({ twin }) => twin.setpoint?.last_write?.phase === 'Verified'), first.log);
  const { port } = cloud;
  await cloud.stop();
  first.child.kill('SIGKILL');
  await until(() => first.child.signalCode !== null);

  const second = await startGateway(context);
  const app = await mqtt.connectAsync(second.mqtt);
  try {
    const heard = new Map<string, string>();
    app.on('message', (topic, payload) => heard.set(topic, String(payload)));
    await app.subscribeAsync('selvedge/v1/#');
    await until(() => heard.has('selvedge/v1/device/default/boiler/samples'), second.log);
    const desired = JSON.parse(heard.get('selvedge/v1/device/default/boiler/desired') ?? '{}');
    assert.is(desired.properties.setpoint.value, '65');
    assert.is(desired.properties.setpoint.outcome.phase, 'Verified');
  } finally {
    await app.endAsync(true);
  }

  cloud.frames.length = 0;
  assert.ok(await cloud.listen(port));
  await until(() => twinReports(cloud).some(({ twin }) => twin.temperature?.actual), second.log);
  const held = messages(cloud).find((message) => message.type === 'held');
  assert.equal(
    held?.type === 'held' && held.content.objects.map(({ kind, uid, generation }) => [kind, uid, generation]),
    [
      ['devicemodel', 'm', 1],
      ['device', 'u1', 4],
    ],
  );
  assert.not(twinReports(cloud).some(({ twin }) => twin.setpoint?.last_write?.phase === 'Sent'));
});

test('lets go of a device before it acknowledges the deletion', async (context) => {
  const { cloud } = context;
  const gateway = await startGateway(context, ['--token', cloud.token]);
  await until(() => cloud.connected, gateway.log);
  cloud.send(deviceObjectFrame({ now: Date.now() }, 'insert', 'devicemodel', model));
  sendDevice(cloud, '65', 1);
  await until(() => stateReports(cloud).some((report) => report.device.state === 'online'), gateway.log);
  const frame = deviceObjectFrame({ now: Date.now() }, 'delete', 'device', device('65', 1));
  const sentAt = Date.now();
  cloud.send(frame);
  await until(
    () => messages(cloud).some((message) => message.type === 'ack' && message.parent === frame.header.msg_id),
    gateway.log,
  );
  // The mapper said so itself: the gateway did not wait for its limit.
  assert.ok(Date.now() - sentAt < 1_000);
  cloud.sendText('this is no JSON');
  cloud.sendText(
    JSON.stringify({
      header: { msg_id: 'x', timestamp: 1 },
      route: { source: 'a', group: 'b', operation: 'insert', resource: 'no/such/thing' },
    }),
  );
  await until(() => messages(cloud).some((message) => message.type === 'error' && message.parent === 'x'), gateway.log);
  assert.is(gateway.child.exitCode, null);
});

test.run();
