import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MapperConfig } from '@selvedge/contract/mapper';
import { buildTopic, decodePayload, type Payload, parseTopic, type TopicName } from '@selvedge/contract/topics';
import { Aedes } from 'aedes';
import modbus from 'modbus-serial';
import mqtt, { type MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

/** The mapper as the gateway runs it, a broker, and the simulated boiler: real processes, real wire bytes. */
const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'selvedge-mapper-'));
const ref = { namespace: 'default', name: 'boiler' };
const seen: { [Name in TopicName]?: Payload<Name>[] } = {};

let broker: Aedes;
let server: Server;
let bus: MqttClient;
let plant: ChildProcess;
let mapper: ChildProcess | undefined;
let config: MapperConfig;
/** Connections to the broker. */
const sockets = new Set<Socket>();
let plantPort = 0;
/** What the mapper promises the broker, in seconds. */
let keepalive: number | undefined;

async function until<Result>(what: string, check: () => Result | null | undefined | false): Promise<Result> {
  const end = Date.now() + 10_000;
  for (;;) {
    const result = check();
    if (result !== undefined && result !== null && result !== false) return result;
    if (Date.now() > end) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The program, with `line` as its configuration. */
function startMapper(line: string): ChildProcess {
  const argv = ['--import', 'tsx', 'mappers/modbus/main.ts'];
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin?.write(`${line}\n`);
  return child;
}

/** Exit code and log of a mapper that is to leave by itself. */
async function left(line: string): Promise<{ code: number | null; log: string }> {
  const child = startMapper(line);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, log };
}

function publish<Name extends TopicName>(name: Name, payload: Payload<Name>): void {
  bus.publish(buildTopic(name, { ...ref, mapper: 'modbus' }), JSON.stringify(payload), { qos: 1, retain: true });
}

const desired = (value: string, generation: number): Payload<'desired'> => ({
  uid: 'u1',
  properties: { setpoint: { value, origin: 'spec', revision: { uid: 'u1', generation, local: 0 } } },
});

async function register(address: number): Promise<number> {
  const client = new modbus.default();
  await client.connectTCP('127.0.0.1', { port: plantPort });
  client.setTimeout(1_000);
  client.setID(1);
  const { data } = await client.readHoldingRegisters(address, 1);
  await new Promise<void>((resolve) => client.close(() => resolve()));
  return data[0] ?? -1;
}

const outcomes = () => (seen.outcome ?? []).map(({ outcome }) => outcome);

const test = suite('Modbus mapper');

test.before(async () => {
  broker = await Aedes.createBroker();
  broker.preConnect = (_, packet, done) => {
    if (packet.clientId.startsWith('mapper-')) keepalive = packet.keepalive;
    done(null, true);
  };
  server = createServer((socket) => {
    sockets.add(socket);
    broker.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as { port: number }).port;
  bus = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  bus.on('message', (topic, payload) => {
    const parsed = parseTopic(topic);
    if (!parsed || payload.byteLength === 0) return;
    const list = (seen[parsed.name] ?? []) as unknown[];
    list.push(decodePayload(parsed.name, payload));
    (seen as Record<string, unknown[]>)[parsed.name] = list;
  });
  const told = (['mapperState', 'samples', 'outcome', 'health'] as const).map((name) => buildTopic(name, {}));
  await bus.subscribeAsync(told, { qos: 1 });
  const argv = ['--import', 'tsx', 'hil-sim/main.ts', 'run', 'hil-sim/plants/boiler.yaml', '--port-base', '0'];
  plant = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  plant.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  plantPort = Number((await until('the plant is ready', () => /tcp:127\.0\.0\.1:(\d+)/.exec(log)))[1]);
  config = {
    id: 'modbus',
    broker: `mqtt://127.0.0.1:${port}`,
    username: 'modbus',
    password: 'x',
    dataDir: join(folder, 'modbus'),
    logLevel: 'error',
  };
  mapper = startMapper(JSON.stringify(config));
});

test.after(async () => {
  plant.kill('SIGKILL');
  mapper?.kill('SIGKILL');
  await bus.endAsync(true);
  server.close();
  await new Promise<void>((resolve) => broker.close(() => resolve()));
  rmSync(folder, { recursive: true, force: true });
});

const property = (name: string, type: 'FLOAT' | 'BOOLEAN', visitor: Record<string, unknown>) => ({
  name,
  type,
  accessMode: 'ReadWrite' as const,
  ...(name === 'setpoint' ? { minimum: '5', maximum: '80' } : {}),
  visitor,
  collectCycle: 50,
  reportCycle: 50,
  reportToCloud: true,
  enforce: false,
  deadband: 0,
});

test('it announces itself, reads a device that is configured, and says that it is ready', async () => {
  await until('online', () => seen.mapperState?.some(({ state }) => state === 'online'));
  publish('deviceConfig', {
    ...ref,
    uid: 'u1',
    generation: 1,
    protocol: 'modbus',
    config: { IP: '127.0.0.1', port: String(plantPort), slaveID: '1' },
    createdAt: 1,
    properties: [
      property('setpoint', 'FLOAT', {
        register: 'HoldingRegister',
        offset: 0,
        limit: 1,
        scale: 0.1,
        dataType: 'int16',
      }),
      property('temperature', 'FLOAT', { register: 'input', offset: '0', scale: 0.1, dataType: 'int16' }),
      property('burner', 'BOOLEAN', { register: 'CoilRegister', offset: 0 }),
    ],
  });
  await until('ready', () => seen.health?.some(({ reason }) => reason === 'Ready'));
  const points = await until('samples', () =>
    seen.samples?.flatMap((message) => message.points).find(({ property: name }) => name === 'setpoint'),
  );
  assert.is(points.value, '60');
  assert.is(points.quality, 'good');
  const burner = await until('coil', () =>
    seen.samples?.flatMap((message) => message.points).find(({ property: name }) => name === 'burner'),
  );
  assert.is(burner.value, 'true');
});

test('a desired value reaches the register and is verified by reading back', async () => {
  publish('desired', desired('65.5', 2));
  const verified = await until('verified', () => outcomes().find(({ phase }) => phase === 'Verified'));
  assert.is(await register(0), 655);
  assert.is(verified.readBack, '65.5');
  assert.is(verified.attempts, 1);
  assert.equal(
    outcomes().map(({ phase }) => phase),
    ['Sent', 'Acknowledged', 'Verified'],
  );
});

test('the same revision again writes nothing', async () => {
  const before = outcomes().length;
  publish('desired', desired('65.5', 2));
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.is(outcomes().length, before);
});

test('a value out of range is rejected with a reason and does not reach the register', async () => {
  publish('desired', desired('95', 3));
  const rejected = await until('rejected', () => outcomes().find(({ phase }) => phase === 'Rejected'));
  assert.is(rejected.code, 'AboveMaximum');
  assert.is(await register(0), 655);
});

test('garbage on the bus changes nothing', async () => {
  bus.publish(buildTopic('desired', ref), 'garbage', { qos: 1 });
  bus.publish(buildTopic('deviceConfig', { ...ref, mapper: 'modbus' }), '{"x":1}', { qos: 1 });
  publish('desired', desired('50', 4));
  await until('verified', () => outcomes().some(({ phase, value }) => phase === 'Verified' && value === '50'));
  assert.is(await register(0), 500);
});

test('a bus that is lost is no end: what changed meanwhile arrives, and the mapper says again how things are', async () => {
  const before = seen.mapperState?.length ?? 0;
  for (const socket of sockets) socket.destroy();
  publish('desired', desired('45', 5));
  await until('verified', () => outcomes().some(({ phase, value }) => phase === 'Verified' && value === '45'));
  assert.is(await register(0), 450);
  await until('online again', () => seen.mapperState?.slice(before).some(({ state }) => state === 'online'));
  assert.is(mapper?.exitCode, null);
});

test('a second mapper on the same directory leaves, and disturbs nothing', async () => {
  const { code, log } = await left(JSON.stringify(config));
  assert.is(code, 69);
  assert.match(log, new RegExp(`process ${mapper?.pid} serves these lines; stop it first`));
  assert.is(Number(readFileSync(join(folder, 'modbus/lock'), 'utf8')), mapper?.pid);
});

test('a configuration that is none ends it with exit code 78 and the reason', async () => {
  for (const [line, reason] of [
    ['{"id":"modbus"}', /mapper configuration/],
    ['x'.repeat(70_000), /a configuration of 70000 characters is too long, at most 65536/],
  ] as const) {
    const { code, log } = await left(line);
    assert.is(code, 78);
    assert.match(log, reason);
  }
});

test('a plant that is gone is a line that is down', async () => {
  plant.kill('SIGKILL');
  await until('down', () => seen.health?.at(-1)?.reason === 'LineDown');
});

test('one that hangs is found out within half a minute: the broker waits one and a half keepalives (MQTT 3.1.1, 3.1.2.10)', () => {
  assert.ok(keepalive !== undefined && keepalive > 0 && keepalive * 1.5 <= 30, `keepalive is ${keepalive}`);
});

test('it ends with its gateway, at once and with exit code 0', async () => {
  assert.is(Number(readFileSync(join(folder, 'modbus/lock'), 'utf8')), mapper?.pid);
  const code = new Promise((resolve) => mapper?.once('exit', resolve));
  mapper?.stdin?.end();
  assert.is(await code, 0);
  await until('offline', () => seen.mapperState?.at(-1)?.state === 'offline');
});

test.run();
