import { millis } from '@selvedge/base/duration';
import { silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parsePlant } from '../plant/load.ts';
import { DeviceMemory } from '../points/memory.ts';
import { encodeRtuFrame } from './rtu.ts';
import { RtuServer } from './rtu-server.ts';
import { Units } from './units.ts';

const test = suite('modbus rtu server');

// At 9,600 baud a frame ends after 4.01 ms of silence, which timers round up to 5.
const plant = parsePlant(
  'plant.yaml',
  `
lines: { bus: { modbus: { listen: "pty:/tmp/unused", baudRate: 9600 } } }
devices:
  one: { line: bus, unit: 1, holdingRegisters: { a: { address: 0, initial: 7 } } }
  slow: { line: bus, unit: 2, responseDelay: 100, holdingRegisters: { a: { address: 0, initial: 8 } } }
`,
);

function bus() {
  const clock = new VirtualClock();
  const devices = plant.devices.map((device) => ({
    memory: new DeviceMemory(device),
    online: true,
    responseDelay: device.responseDelay,
  }));
  const units = new Units({ devices, transport: 'rtu', unknownUnit: 'exception', log: silentLogger });
  const sent: string[] = [];
  const [line] = plant.lines;
  assert.ok(line);
  const server = new RtuServer({
    serial: line.serial,
    units,
    clock,
    write: (bytes) => sent.push(bytes.toString('hex')),
  });
  return { clock, server, sent };
}

const read = (unit: number) => encodeRtuFrame({ unit, pdu: Buffer.from('0300000001', 'hex') });
const answer = (unit: number, value: string) =>
  encodeRtuFrame({ unit, pdu: Buffer.from(`0302${value}`, 'hex') }).toString('hex');

test('answers when the line has been silent for 3.5 characters, not before', async () => {
  const { clock, server, sent } = bus();
  server.receive(read(1));
  await clock.advance(millis(4));
  assert.equal(sent, []);
  await clock.advance(millis(2));
  assert.equal(sent, [answer(1, '0007')]);
});

test('puts a frame together from pieces with less than the gap between them', async () => {
  const { clock, server, sent } = bus();
  for (const byte of read(1)) {
    server.receive(Buffer.from([byte]));
    await clock.advance(millis(2));
  }
  await clock.advance(millis(10));
  assert.equal(sent, [answer(1, '0007')]);
});

test('drops the two halves of a frame with a gap between them', async () => {
  const { clock, server, sent } = bus();
  server.receive(read(1).subarray(0, 4));
  await clock.advance(millis(10));
  server.receive(read(1).subarray(4));
  await clock.advance(millis(10));
  assert.equal(sent, []);
});

test('drops a bad CRC without a word, and hears the next frame', async () => {
  const { clock, server, sent } = bus();
  const bad = read(1);
  bad[7] = (bad[7] ?? 0) ^ 1;
  server.receive(bad);
  await clock.advance(millis(10));
  server.receive(read(1));
  await clock.advance(millis(10));
  assert.equal(sent, [answer(1, '0007')]);
});

test('holds no more of endless noise than a frame, and hears what comes after a silence', async () => {
  const { clock, server, sent } = bus();
  for (let chunk = 0; chunk < 1_000; chunk++) server.receive(Buffer.alloc(1_000, 0x55));
  await clock.advance(millis(10));
  server.receive(read(1));
  await clock.advance(millis(10));
  assert.equal(sent, [answer(1, '0007')]);
});

test('is silent to other units and to broadcasts, which it carries out', async () => {
  const { clock, server, sent } = bus();
  server.receive(read(9));
  await clock.advance(millis(10));
  server.receive(encodeRtuFrame({ unit: 0, pdu: Buffer.from('060000002a', 'hex') }));
  await clock.advance(millis(10));
  assert.equal(sent, []);
  server.receive(read(1));
  await clock.advance(millis(10));
  assert.equal(sent, [answer(1, '002a')]);
});

test('a slow device answers after its delay, and not at all once the server is stopped', async () => {
  const { clock, server, sent } = bus();
  server.receive(read(2));
  await clock.advance(millis(90));
  assert.equal(sent, []);
  await clock.advance(millis(20));
  assert.equal(sent, [answer(2, '0008')]);
  server.receive(read(2));
  await clock.advance(millis(20));
  server.stop();
  await clock.advance(millis(1_000));
  assert.is(sent.length, 1);
});

test.run();
