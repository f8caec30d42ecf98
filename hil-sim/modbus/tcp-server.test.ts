import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { RealClock } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { FieldError } from '@selvedge/base/errors';
import { within } from '@selvedge/base/lifecycle';
import { silentLogger } from '@selvedge/base/log';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parsePlant } from '../plant/load.ts';
import { DeviceMemory } from '../points/memory.ts';
import { ModbusTcpServer } from './tcp-server.ts';
import { type UnitDevice, Units } from './units.ts';

const test = suite('modbus tcp server, in real time');

const plant = parsePlant(
  'plant.yaml',
  `
lines: { plc: { modbus: { listen: "tcp:127.0.0.1:0" } } }
devices:
  slow: { line: plc, unit: 1, responseDelay: 40, holdingRegisters: { a: { address: 0, initial: 1 } } }
  fast: { line: plc, unit: 2, holdingRegisters: { a: { address: 0, initial: 2 }, b: { address: 124 } } }
`,
);
const clock = new RealClock();

async function serving(run: (server: { port: number; devices: UnitDevice[] }) => Promise<void>): Promise<void> {
  const devices = plant.devices.map((device) => ({
    memory: new DeviceMemory(device),
    online: device.online,
    responseDelay: device.responseDelay,
  }));
  const units = new Units({ devices, transport: 'tcp', unknownUnit: 'exception', log: silentLogger });
  const server = new ModbusTcpServer({ host: '127.0.0.1', port: 0, units, clock, log: silentLogger });
  try {
    await run({ port: await server.start(), devices });
  } finally {
    await within(clock, millis(2_000), 'stop', server.stop());
  }
}

/** A socket and all that came in on it, as hex. */
async function master(port: number) {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
  });
  await once(socket, 'connect');
  const bytes = async (count: number): Promise<string> => {
    for (let tries = 0; tries < 400 && received.length < count; tries++) await pause(5);
    return received.toString('hex');
  };
  return { socket, send: (hex: string) => socket.write(Buffer.from(hex, 'hex')), bytes };
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const read = (transaction: string, unit: string) => `${transaction}00000006${unit}0300000001`;
const answer = (transaction: string, unit: string, value: string) => `${transaction}00000005${unit}0302${value}`;

test('answers a request with its transaction id and unit', () =>
  serving(async ({ port }) => {
    const { send, bytes } = await master(port);
    send(read('abcd', '02'));
    assert.is(await bytes(11), answer('abcd', '02', '0002'));
  }));

test('answers requests that came in one segment, and one that came byte by byte', () =>
  serving(async ({ port }) => {
    const { send, bytes } = await master(port);
    send(read('0001', '02') + read('0002', '02') + read('0003', '09'));
    assert.is(await bytes(31), `${answer('0001', '02', '0002')}${answer('0002', '02', '0002')}00030000000309830b`);
    for (const byte of read('0004', '02').match(/../g) ?? []) {
      send(byte);
      await pause(1);
    }
    assert.ok((await bytes(42)).endsWith(answer('0004', '02', '0002')));
  }));

test('a slow device holds up nobody else on the line', () =>
  serving(async ({ port }) => {
    const { send, bytes } = await master(port);
    send(read('0001', '01') + read('0002', '02'));
    assert.is(await bytes(11), answer('0002', '02', '0002'));
    assert.is(await bytes(22), `${answer('0002', '02', '0002')}${answer('0001', '01', '0001')}`);
  }));

test('answers busy when more wait for a slow device than it can hold', () =>
  serving(async ({ port }) => {
    const { send, bytes } = await master(port);
    send(read('0001', '01').repeat(65));
    assert.is(await bytes(9), '000100000003018306');
    assert.is((await bytes(9 + 64 * 11)).length / 2, 9 + 64 * 11);
  }));

test('serves several masters at once, each seeing what the others wrote', () =>
  serving(async ({ port }) => {
    const [one, two] = [await master(port), await master(port)];
    one.send('00010000000602060000007b');
    await one.bytes(12);
    two.send(read('0001', '02'));
    assert.is(await two.bytes(11), answer('0001', '02', '007b'));
  }));

test('an offline device is silent, and answers again when it is back', () =>
  serving(async ({ port, devices }) => {
    const { send, bytes } = await master(port);
    const fast = devices[1];
    assert.ok(fast);
    fast.online = false;
    send(read('0001', '02'));
    await pause(50);
    assert.is(await bytes(0), '');
    fast.online = true;
    send(read('0002', '02'));
    assert.is(await bytes(11), answer('0002', '02', '0002'));
  }));

test('closes a connection whose framing is lost, and serves the next', () =>
  serving(async ({ port }) => {
    const lost = await master(port);
    const closed = once(lost.socket, 'close');
    lost.send('00010000ffff01');
    await within(clock, millis(1_000), 'close', closed);
    const { send, bytes } = await master(port);
    send(read('0001', '02'));
    assert.is(await bytes(11), answer('0001', '02', '0002'));
  }));

test('a master that never reads its answers does not make the server hold more and more', () =>
  serving(async ({ port }) => {
    const { socket } = await master(port);
    socket.pause();
    const request = Buffer.from('00010000000602030000007d'.repeat(1_000), 'hex');
    for (let block = 0; block < 1_500; block++) socket.write(request);
    await pause(300);
    // 1,500,000 answers would be 388 MB; what is not read waits on the master's side.
    assert.ok(socket.writableLength > 500_000, `${socket.writableLength} bytes left to send`);
    socket.destroy();
    const { send, bytes } = await master(port);
    send(read('0001', '02'));
    assert.is(await bytes(11), answer('0001', '02', '0002'));
  }));

test('says that a port is taken', () =>
  serving(async ({ port }) => {
    const units = new Units({ devices: [], transport: 'tcp', unknownUnit: 'exception', log: silentLogger });
    const second = new ModbusTcpServer({ host: '127.0.0.1', port, units, clock, log: silentLogger });
    try {
      await second.start();
      assert.unreachable();
    } catch (error) {
      assert.instance(error, FieldError);
      assert.is((error as FieldError).code, 'AddressInUse');
      assert.match((error as FieldError).message, `tcp:127.0.0.1:${port}`);
    }
    await second.stop();
  }));

test.run();
