import { RealClock } from '@selvedge/base/clock';
import { silentLogger } from '@selvedge/base/log';
import type { PropertyType } from '@selvedge/contract/value';
import { parsePlant } from '@selvedge/hil-sim/plant/load';
import { Simulator } from '@selvedge/hil-sim/simulator';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ModbusBed, until } from './testing/modbus-bed.ts';

/** KubeEdge's visitor fields against a device that has the same values in its own words: four tables, every type and order. */
const test = suite('Modbus fields, over TCP');

const plant = `
lines: { plc: { modbus: { listen: "tcp:127.0.0.1:0" } } }
devices:
  plc:
    line: plc
    unit: 3
    coils: { valve: { address: 17, initial: true } }
    discreteInputs: { flame: { address: 5, initial: true } }
    inputRegisters:
      temperature: { address: 0, type: int16, scale: 0.1, initial: -12.5 }
      flow: { address: 2, type: float32, initial: 1.5 }
      energy: { address: 4, type: uint32, wordOrder: little, initial: 70001 }
    holdingRegisters:
      int16: { address: 0, type: int16, initial: -5 }
      uint16: { address: 1, type: uint16, initial: 65000 }
      int32: { address: 2, type: int32, initial: -70000 }
      uint32: { address: 4, type: uint32, initial: 4000000000 }
      float32: { address: 6, type: float32, initial: 24.25 }
      wordSwapped: { address: 8, type: int32, wordOrder: little, initial: 123456 }
      byteSwapped: { address: 10, type: uint16, byteOrder: little, initial: 258 }
      bothSwapped: { address: 12, type: float32, wordOrder: little, byteOrder: little, initial: -0.75 }
      scaled: { address: 14, type: uint16, scale: 0.1, offset: -40, initial: 21.5 }
      flag: { address: 15, type: bool, initial: true }
`;

interface Case {
  readonly property: string;
  readonly type: PropertyType;
  readonly visitor: Record<string, unknown>;
  readonly reads: string;
  /** A value to write, and what the device then holds in its own words; absent when the table cannot be written. */
  readonly writes?: readonly [string, number | boolean];
}
const holding = (offset: number, more: Record<string, unknown>) => ({ register: 'HoldingRegister', offset, ...more });
const cases: readonly Case[] = [
  {
    property: 'valve',
    type: 'BOOLEAN',
    visitor: { register: 'CoilRegister', offset: 17, limit: 1 },
    reads: 'true',
    writes: ['false', false],
  },
  { property: 'flame', type: 'BOOLEAN', visitor: { register: 'DiscreteInputRegister', offset: '5' }, reads: 'true' },
  {
    property: 'temperature',
    type: 'FLOAT',
    visitor: { register: 'InputRegister', offset: 0, dataType: 'int16', scale: '0.1' },
    reads: '-12.5',
  },
  { property: 'flow', type: 'FLOAT', visitor: { register: 'InputRegister', offset: 2, limit: 2 }, reads: '1.5' },
  {
    property: 'energy',
    type: 'INT',
    visitor: { register: 'InputRegister', offset: 4, limit: 2, isRegisterSwap: 'true' },
    reads: '70001',
  },
  { property: 'int16', type: 'INT', visitor: holding(0, { dataType: 'int16' }), reads: '-5', writes: ['-300', -300] },
  {
    property: 'uint16',
    type: 'INT',
    visitor: holding(1, { limit: 1, scale: 0 }),
    reads: '65000',
    writes: ['40000', 40_000],
  },
  { property: 'int32', type: 'INT', visitor: holding(2, { dataType: 'int32' }), reads: '-70000', writes: ['-2', -2] },
  {
    property: 'uint32',
    type: 'INT',
    visitor: holding(4, { limit: '2' }),
    reads: '4000000000',
    writes: ['4294967295', 4_294_967_295],
  },
  {
    property: 'float32',
    type: 'FLOAT',
    visitor: holding(6, { limit: 2, dataType: 'float' }),
    reads: '24.25',
    writes: ['65.1', Math.fround(65.1)],
  },
  {
    property: 'wordSwapped',
    type: 'INT',
    visitor: holding(8, { dataType: 'int32', isRegisterSwap: true }),
    reads: '123456',
    writes: ['-123456', -123_456],
  },
  { property: 'byteSwapped', type: 'INT', visitor: holding(10, { isSwap: true }), reads: '258', writes: ['1', 1] },
  {
    property: 'bothSwapped',
    type: 'DOUBLE',
    visitor: holding(12, { limit: 2, isSwap: true, isRegisterSwap: true }),
    reads: '-0.75',
    writes: ['2.5', 2.5],
  },
  {
    property: 'scaled',
    type: 'DOUBLE',
    visitor: holding(14, { scale: 0.1, valueOffset: -40 }),
    reads: '21.5',
    writes: ['-39.9', -39.9],
  },
  { property: 'flag', type: 'BOOLEAN', visitor: holding(15, {}), reads: 'true', writes: ['false', false] },
];

const clock = new RealClock();
const simulator = new Simulator({
  plant: parsePlant('fields.yaml', plant),
  clock,
  worldClock: clock,
  log: silentLogger,
});
const bed = new ModbusBed();

test.before(async () => {
  const [endpoint] = await simulator.start();
  const port = endpoint?.address.split(':').at(-1);
  const config = { communicateMode: 'TCP', IP: '127.0.0.1', port, slaveID: '3' };
  bed.configure({ name: 'plc', config, points: Object.fromEntries(cases.map((one) => [one.property, one])) });
});

test.after(async () => {
  await bed.mapper.stop();
  await simulator.stop();
});

function held(name: string): number | boolean {
  const memory = simulator.devices.get('plc')?.memory;
  const point = memory?.device.points.find((candidate) => candidate.name === name);
  if (!memory || !point) throw new Error(`the plant has no point "${name}"`);
  return memory.get(point);
}

for (const { property, reads, writes } of cases) {
  test(`${property} reads as ${reads}`, async () => {
    assert.is(await until('a sample', () => bed.value('plc', property)), reads);
  });
  if (!writes) continue;
  const [value, inDevice] = writes;
  test(`${property} takes ${value}, and gives it back`, async () => {
    const before = bed.bus.outcomes('plc').length;
    bed.desire('plc', property, value);
    const last = await until('a final outcome', () =>
      bed.bus
        .outcomes('plc')
        .slice(before)
        .find(({ phase }) => phase === 'Verified' || phase === 'Rejected'),
    );
    assert.is(last.phase, 'Verified', last.reason);
    assert.is(last.readBack, value);
    assert.is(held(property), inDevice);
  });
}

test('tables that masters cannot write say so', async () => {
  bed.desire('plc', 'temperature', '5');
  const refused = await until('refused', () => bed.bus.outcomes('plc').find(({ phase }) => phase === 'Rejected'));
  assert.is(refused.code, 'NotWritable');
  assert.match(refused.reason ?? '', /InputRegister cannot be written on Modbus; use a coil or a holding register/);
  assert.is(held('temperature'), -12.5);
});

test('a value that does not fit the registers is refused with what fits', async () => {
  bed.desire('plc', 'scaled', '7000');
  const refused = await until('refused', () => bed.bus.outcomes('plc').find(({ value }) => value === '7000'));
  assert.is(refused.code, 'OutOfRange');
  assert.match(refused.reason ?? '', /it can hold -40 to 6513\.5/);
});

test.run();
