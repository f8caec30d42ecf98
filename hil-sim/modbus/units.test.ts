import { millis } from '@selvedge/base/duration';
import { silentLogger } from '@selvedge/base/log';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parsePlant } from '../plant/load.ts';
import { DeviceMemory } from '../points/memory.ts';
import { type UnitDevice, Units } from './units.ts';

const test = suite('modbus units');

const text = `
lines:
  bus: { modbus: { listen: "tcp:127.0.0.1:0" } }
devices:
  plc:
    line: bus
    unit: 1
    identity: { vendor: Selvedge, product: PLC, revision: "2" }
    coils: { a: { address: 0, initial: true }, b: { address: 9 } }
    discreteInputs: { c: { address: 2, initial: true } }
    inputRegisters: { d: { address: 0, initial: 7 } }
    holdingRegisters: { e: { address: 0, initial: 18 }, f: { address: 10, initial: 5 } }
  strict:
    line: bus
    unit: 2
    holes: refuse
    holdingRegisters: { e: { address: 0 }, f: { address: 2 } }
`;

function line(transport: 'tcp' | 'rtu', only = 2) {
  const devices: UnitDevice[] = parsePlant('plant.yaml', text)
    .devices.slice(0, only)
    .map((device) => ({ memory: new DeviceMemory(device), online: true, responseDelay: millis(0) }));
  const units = new Units({ devices, transport, unknownUnit: 'exception', log: silentLogger });
  const ask = (unit: number, request: string) => units.handle(unit, Buffer.from(request, 'hex'))?.pdu.toString('hex');
  return { ask, devices };
}

const answers: [string, string, string][] = [
  ['coils, of which those between points are off', '010000000a', '01020100'],
  ['discrete inputs', '0200000003', '020104'],
  ['an input register', '0400000001', '04020007'],
  ['holding registers, zero between points', '0300000002', '030400120000'],
  ['a write of a coil', '050009ff00', '050009ff00'],
  ['a write of a register', '06000a0203', '06000a0203'],
  ['a write of coils', '0f0000000a02cd01', '0f0000000a'],
  ['a write of registers', '100000000204000a0102', '1000000002'],
  ['its identification', '2b0e0100', '2b0e0181000003' + '0008' + '53656c7665646765' + '0103' + '504c43' + '020132'],
  ['one object of its identification', '2b0e0401', '2b0e0481000001' + '0103' + '504c43'],
  ['an object of its identification that is not there, by itself', '2b0e0409', 'ab02'],
  [
    'a stream of its identification that begins past the end',
    '2b0e0309',
    '2b0e0381000003' + '0008' + '53656c7665646765' + '0103504c43020132',
  ],
  ['a read past the last register', '03000a0002', '8302'],
  ['a read of a table it lacks points in', '0400010001', '8402'],
  ['a read that runs past 65535', '03ffff0002', '8302'],
  ['a write past the last register', '06000b0001', '8602'],
  ['a quantity of nothing', '0300000000', '8303'],
  ['a function it lacks', '0800001234', '8801'],
];
for (const [what, request, response] of answers) {
  test(`answers ${what}`, () => {
    assert.is(line('tcp').ask(1, request), response);
  });
}

test('a refused write of many changes none', () => {
  const { ask } = line('tcp');
  assert.is(ask(1, '10000a00020400010002'), '9002');
  assert.is(ask(1, '03000a0001'), '03020005');
});

test('masks bits as the standard computes it', () => {
  const { ask } = line('tcp');
  assert.is(ask(1, '16000000f20025'), '16000000f20025');
  // 6.16: 0x12 and 0xf2, or 0x25 and not 0xf2.
  assert.is(ask(1, '0300000001'), '03020017');
});

test('writes before it reads when one request does both, and checks both first', () => {
  const { ask } = line('tcp');
  assert.is(ask(1, '1700000002000000010200aa'), '170400aa0000');
  assert.is(ask(1, '1700500001000000010200bb'), '9702');
  assert.is(ask(1, '0300000001'), '030200aa');
});

test('a device that refuses holes answers exception 2 to a read across one', () => {
  const { ask } = line('tcp');
  assert.is(ask(2, '0300000001'), '03020000');
  assert.is(ask(2, '0300000003'), '8302');
});

test('tells a TCP master of an unknown unit, and is silent on a serial line', () => {
  assert.is(line('tcp').ask(9, '0300000001'), '830b');
  assert.is(line('rtu').ask(9, '0300000001'), undefined);
});

test('units 0 and 255 mean the one device behind a TCP port, not one of several', () => {
  assert.is(line('tcp', 1).ask(255, '0300000001'), '03020012');
  assert.is(line('tcp', 1).ask(0, '0300000001'), '03020012');
  assert.is(line('tcp').ask(255, '0300000001'), '830b');
});

test('a broadcast on a serial line is carried out by all and answered by none', () => {
  const { ask } = line('rtu');
  assert.is(ask(0, '060000002a'), undefined);
  assert.is(ask(0, '0300000001'), undefined);
  assert.is(ask(1, '0300000001'), '0302002a');
  assert.is(ask(2, '0300000001'), '0302002a');
});

test('a device that is offline neither answers nor takes a broadcast', () => {
  const { ask, devices } = line('rtu');
  const [plc] = devices;
  if (plc) plc.online = false;
  assert.is(ask(1, '0300000001'), undefined);
  ask(0, '060000002a');
  if (plc) plc.online = true;
  assert.is(ask(1, '0300000001'), '03020012');
});

test.run();
