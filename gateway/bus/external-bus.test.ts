import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@selvedge/base/log';
import mqtt from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ExternalBus } from './external-bus.ts';

const test = suite('external broker');
const hasMosquitto = spawnSync('mosquitto', ['-h']).error === undefined;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 8_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited 8 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function startMosquitto(dir: string, port: number): ChildProcess {
  const config = join(dir, 'mosquitto.conf');
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  return spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
}

if (!hasMosquitto && !process.env.CI) {
  console.log('skipped: external broker with mosquitto: there is no mosquitto on this machine');
  test('an external broker that is away is a state, not an exit', async () => {
    const bus = await startBus(await freePort(), () => {});
    assert.not(bus.state.connected);
    await bus.stop();
  });
} else {
  test('works through mosquitto, survives its loss, clears strays, and asks for everything again when it is back', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'selvedge-mosquitto-'));
    const port = await freePort();
    let broker = startMosquitto(dir, port);
    let restored = 0;
    const bus = await startBus(port, () => restored++);
    const heard: string[] = [];
    bus.subscribe('selvedge/v1/device/+/+/samples', (topic, payload) => heard.push(`${topic} ${Buffer.from(payload)}`));
    try {
      await until(() => restored === 1 && bus.state.connected);
      const app = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
      await app.publishAsync('selvedge/v1/device/default/gone/desired', '{}', { retain: true, qos: 1 });
      await app.publishAsync('selvedge/v1/device/default/boiler/samples', '{"a":1}');
      await until(() => heard.length === 1);
      await app.endAsync();

      broker.kill('SIGKILL');
      await until(() => !bus.state.connected && bus.state.reason !== undefined);
      bus.publish('selvedge/v1/device/default/boiler/desired', '{}', { retain: true, qos: 1 });
      broker = startMosquitto(dir, port);
      await until(() => restored === 2);

      const other = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
      await other.publishAsync('selvedge/v1/device/default/boiler/samples', '{"a":2}');
      await until(() => heard.length === 2);
      await other.endAsync();
      assert.equal(heard[1], 'selvedge/v1/device/default/boiler/samples {"a":2}');
    } finally {
      await bus.stop();
      broker.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('clears what is retained for devices that are gone, and leaves the others', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'selvedge-mosquitto-'));
    const port = await freePort();
    const broker = startMosquitto(dir, port);
    const app = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 50 });
    for (const name of ['boiler', 'gone']) {
      await app.publishAsync(`selvedge/v1/device/default/${name}/desired`, '{"a":1}', { retain: true, qos: 1 });
    }
    const bus = await startBus(port, () => {});
    const cleared: string[] = [];
    app.on('message', (topic, payload, packet) => {
      if (!packet.retain && payload.length === 0) cleared.push(topic);
    });
    try {
      await app.subscribeAsync('selvedge/v1/#');
      await until(() => cleared.length > 0);
      assert.equal(cleared, ['selvedge/v1/device/default/gone/desired']);
    } finally {
      await app.endAsync(true);
      await bus.stop();
      broker.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    }
  });
}

function startBus(port: number, onRestored: () => void): Promise<ExternalBus> {
  return ExternalBus.start({
    url: `mqtt://127.0.0.1:${port}`,
    clientId: 'selvedge-test',
    log: silentLogger,
    onRestored,
    retainedFilters: ['selvedge/v1/device/+/+/desired'],
    isStray: (topic) => topic.includes('/gone/'),
  });
}

test.run();
