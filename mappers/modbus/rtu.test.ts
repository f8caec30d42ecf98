import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock, sleep } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { parsePlant } from '@selvedge/hil-sim/plant/load';
import { Simulator } from '@selvedge/hil-sim/simulator';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ModbusClient } from './client.ts';
import type { SerialLine } from './line-settings.ts';
import { frameGap } from './port.ts';
import { ModbusBed, type ModbusDevice, until } from './testing/modbus-bed.ts';

/** The mapper on a serial line: the simulator is a process of its own, and is killed as a cable is pulled. */
const test = suite('Modbus RTU on one line with several units');

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'selvedge-rtu-'));
const bus = join(folder, 'bus');
const plant = (pty: string) => `
lines: { bus: { modbus: { listen: "pty:${pty}", baudRate: 38400, parity: even } } }
devices:
  meter:
    line: bus
    unit: 10
    repeat: 3
    holdingRegisters: { limit: { address: 0, scale: 0.1, initial: 16 }, other: { address: 5, initial: 77 } }
    inputRegisters: { power: { address: 0, type: float32, wordOrder: little, initial: 2.5 } }
`;
const line: SerialLine = { transport: 'rtu', path: bus, baudRate: 38_400, dataBits: 8, parity: 'even', stopBits: 1 };

let simulator: ChildProcess | undefined;

async function plugIn(): Promise<void> {
  const argv = ['--import', 'tsx', 'hil-sim/main.ts', 'run', join(folder, 'plant.yaml')];
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  simulator = child;
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await until('the plant is ready', () => log.includes('"ready"'));
}

async function pullOut(): Promise<void> {
  const child = simulator;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

const device = (name: string, unitId: number, more: Partial<ModbusDevice> = {}): ModbusDevice => ({
  name,
  config: { serialPort: bus, baudRate: '38400', parity: 'E', slaveID: unitId, timeout: 200 },
  points: {
    limit: { type: 'FLOAT', visitor: { register: 'HoldingRegister', offset: 0, scale: 0.1 } },
    power: {
      type: 'FLOAT',
      visitor: { register: 'InputRegister', offset: 0, dataType: 'float32', isRegisterSwap: true },
    },
  },
  ...more,
});

const bed = new ModbusBed();

test.before(async () => {
  writeFileSync(join(folder, 'plant.yaml'), plant(bus));
  await plugIn();
});

test.after(async () => {
  await bed.mapper.stop();
  await pullOut();
  rmSync(folder, { recursive: true, force: true });
});

test('units that are there are read, one that is not is said to be unreachable', async () => {
  bed.configure(device('one', 10));
  bed.configure(device('two', 11));
  bed.configure(device('dead', 99));
  await until('ready', () => ['one', 'two'].every((name) => bed.bus.health(name)?.reason === 'Ready'));
  await until('unreachable', () => bed.bus.health('dead')?.reason === 'DeviceUnreachable');
  assert.match(bed.bus.health('dead')?.message ?? '', /no answer within 200 ms$/);
  await until('values', () => bed.value('one', 'power') === '2.5' && bed.value('two', 'limit') === '16');
  assert.equal(bed.bus.samples('dead', 'power').at(-1)?.quality, 'bad');
});

test('a port that is not there is named, and the reason told once', async () => {
  const path = join(folder, 'nowhere');
  const error = await ModbusClient.open({ ...line, path }, new RealClock(), () => {}).then(
    () => 'it was opened',
    (refused: unknown) => describeError(refused),
  );
  assert.is(error, `No such file or directory, cannot open ${path}`);
});

test('a desired value is written to its own unit alone, and read back', async () => {
  bed.desire('two', 'limit', '12.5');
  const verified = await until('verified', () => bed.bus.outcomes('two').find(({ phase }) => phase === 'Verified'));
  assert.is(verified.readBack, '12.5');
  await until('polled', () => bed.value('two', 'limit') === '12.5');
  assert.is(bed.value('one', 'limit'), '16');
});

test('other settings on the same port are a conflict, which the older device wins', async () => {
  const younger = device('young', 12, { createdAt: 2 });
  bed.configure({ ...younger, config: { ...younger.config, baudRate: 9_600 } });
  await until('conflict', () => bed.bus.health('young')?.reason === 'LineConflict');
  bed.configure({ ...younger, generation: 2 });
  await until('ready', () => bed.bus.health('young')?.reason === 'Ready');
  assert.is(bed.bus.health('one')?.reason, 'Ready');
});

test('a second master does not get the port', async () => {
  const error = await ModbusClient.open(line, new RealClock(), () => {}).then(
    () => 'it was opened',
    (refused: Error) => refused.message,
  );
  assert.match(error, /lock/i);
});

test('when the cable is pulled the line is down, and what changed meanwhile arrives when it is plugged in', async () => {
  await pullOut();
  await until('down', () => bed.bus.health('one')?.reason === 'LineDown');
  bed.desire('one', 'limit', '8');
  await until('failed', () => bed.bus.outcomes('one').at(-1)?.code === 'LineDown');
  await sleep(new RealClock(), seconds(1));
  await plugIn();
  await until('ready', () => bed.bus.health('one')?.reason === 'Ready');
  await until('verified', () => bed.bus.outcomes('one').at(-1)?.phase === 'Verified');
  await until('polled', () => bed.value('one', 'limit') === '8');
  assert.is(bed.bus.health('dead')?.reason, 'DeviceUnreachable');
});

test('3.5 characters of silence lie between frames', () => {
  // Modbus over Serial Line 1.02, 2.5.1.1: 11 bits a character; fixed above 19,200 baud.
  assert.is(frameGap({ baudRate: 9_600, dataBits: 8, parity: 'even', stopBits: 1 }), 5);
  assert.is(frameGap({ baudRate: 1_200, dataBits: 8, parity: 'none', stopBits: 2 }), 33);
  assert.is(frameGap({ baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 }), 2);
});

test('an answer that was too late for one unit is never taken for that to its next request', async () => {
  const path = join(folder, 'late');
  const clock = new RealClock();
  const plantOf = parsePlant('late.yaml', plant(path));
  const inside = new Simulator({ plant: plantOf, clock, worldClock: clock, log: silentLogger });
  await inside.start();
  const client = await ModbusClient.open({ ...line, path }, clock, () => {});
  const call = (ms: number) => ({ timeout: millis(ms), signal: new AbortController().signal });
  const read = (unit: number, start: number, ms = 2_000) =>
    client.readRegisters({ unit, call: call(ms) }, 'HoldingRegister', start, 1);
  try {
    const slow = inside.devices.get('meter-1');
    if (!slow) throw new Error('no device');
    slow.responseDelay = millis(200);
    const late = await read(10, 0, 100).then(
      () => 'answered',
      (error: { code: string }) => error.code,
    );
    assert.is(late, 'Timeout');
    // Another unit answers first; then the late answer comes while nobody asks, and stays with the library.
    assert.equal(await read(11, 5), [77]);
    slow.responseDelay = millis(0);
    await sleep(clock, millis(300));
    assert.equal(await read(10, 5), [77]);
    assert.equal(await read(10, 0), [160]);
  } finally {
    await client.close();
    await inside.stop();
  }
});

test.run();
