import { normalise } from '@selvedge/contract/normalise';
import type { PropertyType } from '@selvedge/contract/value';
import type { Point } from '@selvedge/mapper-kit/driver';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planBlocks, spanOf } from './blocks.ts';
import { modbusDriver } from './driver.ts';
import { exceptionError } from './exceptions.ts';
import { type ModbusAddress, modbusPoint } from './point.ts';
import { decodeRegisters, encodeRegisters, type Layout, rawKindOf } from './registers.ts';
import { modbusSchema } from './schema.ts';

const test = suite('Modbus registers, points and blocks');

const layout = (type: Layout['type'], count: number, wordSwap = false, byteSwap = false): Layout => ({
  type,
  count,
  wordSwap,
  byteSwap,
});

test('values lie in registers high word first, unless the maker swapped them', () => {
  assert.is(decodeRegisters([0xff9c], layout('int16', 1)), -100);
  assert.is(decodeRegisters([0x0001, 0x86a0], layout('uint32', 2)), 100_000);
  assert.is(decodeRegisters([0x86a0, 0x0001], layout('uint32', 2, true)), 100_000);
  assert.is(decodeRegisters([0x0100, 0xa086], layout('uint32', 2, false, true)), 100_000);
  assert.is(decodeRegisters([0x42f6, 0xe979], layout('float32', 2)), Math.fround(123.456));
  assert.is(decodeRegisters([0x4142, 0x4300], layout('string', 2)), 'ABC');
});

test('what is written reads back the same, in every type and order', () => {
  const types = fc.constantFrom<[Layout['type'], number]>(
    ['int16', 1],
    ['uint16', 1],
    ['int32', 2],
    ['uint32', 2],
    ['int64', 4],
    ['uint64', 4],
  );
  fc.assert(
    fc.property(types, fc.boolean(), fc.boolean(), fc.bigInt(), ([type, count], wordSwap, byteSwap, seed) => {
      const form = layout(type, count, wordSwap, byteSwap);
      const kind = rawKindOf(form);
      assert.ok(kind.kind === 'integer');
      const size = kind.maximum - kind.minimum + 1n;
      const raw = kind.minimum + (((seed % size) + size) % size);
      const registers = encodeRegisters(raw, form);
      assert.is(registers.length, count);
      assert.is(BigInt(decodeRegisters(registers, form) as number | bigint), raw);
    }),
  );
  fc.assert(
    fc.property(fc.float({ noNaN: true }), fc.boolean(), fc.boolean(), (value, wordSwap, byteSwap) => {
      const form = layout('float32', 2, wordSwap, byteSwap);
      assert.is(decodeRegisters(encodeRegisters(value, form), form), value);
    }),
  );
});

const point = (type: PropertyType, visitor: Record<string, unknown>): Point<ModbusAddress> => {
  const { value, problems } = normalise(modbusSchema.visitor, visitor);
  assert.equal(problems, []);
  return modbusPoint({ name: 'p', type, visitor: value, device: {} });
};

test("KubeEdge's visitors mean what its mappers make of them, but a missing or zero scale is 1", () => {
  const holding = { register: 'HoldingRegister', offset: '2', limit: 1 };
  assert.is(point('INT', holding).address.layout?.type, 'uint16');
  assert.is(point('INT', { ...holding, limit: 2 }).address.layout?.type, 'uint32');
  assert.is(point('FLOAT', { ...holding, limit: 2 }).address.layout?.type, 'float32');
  assert.is(point('DOUBLE', { ...holding, limit: 4, dataType: 'double' }).address.layout?.type, 'float64');
  assert.is(point('FLOAT', holding).address.layout?.type, 'uint16');
  assert.is(point('INT', { ...holding, scale: 0 }).scale, 1);
  assert.equal(point('BOOLEAN', { register: 'coil', offset: 1 }).raw, { kind: 'bit' });
});

test('settings that do not fit each other are refused with the numbers', () => {
  assert.throws(
    () => point('INT', { register: 'holding', offset: 65_535, limit: 2 }),
    /ends at 65536, and the last address is 65535; correct offset/,
  );
  assert.throws(() => point('INT', { register: 'holding', offset: 0, limit: 3 }), /numbers take 1, 2 or 4 registers/);
  assert.throws(() => point('INT', { register: 'holding', offset: 0, limit: 1, dataType: 'int32' }), /which takes 2/);
  assert.throws(() => point('INT', { register: 'coil', offset: 0, dataType: 'int16' }), /use bool/);
});

test('what cannot be written says so', () => {
  assert.match(point('INT', { register: 'input', offset: 0 }).readOnly ?? '', /cannot be written on Modbus/);
  assert.is(point('INT', { register: 'holding', offset: 0 }).readOnly, undefined);
});

test('unit ids and addresses out of range are refused by the schema, a serial line knows no unit 0', () => {
  const reasons = (config: Record<string, unknown>) =>
    normalise(modbusSchema.config, config).problems.map(({ reason }) => reason);
  assert.equal(reasons({ ip: 'h', slaveID: 300 }), ['300 must be from 0 to 255']);
  const { value } = normalise(modbusSchema.config, { serialName: '/dev/ttyUSB0', slaveID: 0 });
  assert.throws(() => modbusDriver.split(value), /unitId 0 cannot be polled on a serial line/);
});

test('devices on one server share a line, whatever their unit', () => {
  const key = (unit: number) =>
    modbusDriver.split(normalise(modbusSchema.config, { ip: '10.0.0.5', unitId: unit }).value).lineKey;
  assert.is(key(1), 'tcp:10.0.0.5:502');
  assert.is(key(1), key(2));
});

test('blocks never split a value, keep the limits, and hold every point exactly once', () => {
  const points = fc.uniqueArray(
    fc.record({ start: fc.integer({ min: 0, max: 2_000 }), count: fc.constantFrom(1, 2, 4), bit: fc.boolean() }),
    { maxLength: 60, selector: ({ start, bit }) => `${start}${bit}` },
  );
  fc.assert(
    fc.property(
      points,
      fc.integer({ min: 4, max: 125 }),
      fc.integer({ min: 0, max: 20 }),
      (list, maxRegisters, maxGap) => {
        const made = list.map(({ start, count, bit }, index): Point<ModbusAddress> => {
          const base = { name: `p${index}`, scale: 1, offset: 0 };
          return bit
            ? { ...base, raw: { kind: 'bit' }, address: { table: 'CoilRegister', start, count: 1 } }
            : {
                ...base,
                raw: { kind: 'bit' },
                address: { table: 'HoldingRegister', start, count, layout: layout('bytes', count) },
              };
        });
        const blocks = planBlocks(made, { maxRegisters, maxGap });
        assert.equal(
          blocks
            .flat()
            .map(({ name }) => name)
            .sort(),
          made.map(({ name }) => name).sort(),
        );
        for (const block of blocks) {
          assert.is(new Set(block.map(({ address }) => address.table)).size, 1);
          const most = block[0]?.address.layout ? maxRegisters : 2_000;
          assert.ok(spanOf(block).count <= most);
        }
      },
    ),
  );
});

test('neighbours share one request, far ones do not', () => {
  const at = (start: number): Point<ModbusAddress> => ({
    name: `p${start}`,
    raw: { kind: 'bit' },
    scale: 1,
    offset: 0,
    address: { table: 'HoldingRegister', start, count: 1, layout: layout('uint16', 1) },
  });
  const limits = { maxRegisters: 125, maxGap: 8 };
  assert.is(planBlocks([at(0), at(1), at(9)], limits).length, 1);
  assert.is(planBlocks([at(0), at(200)], limits).length, 2);
});

test('an exception says what it means and whether trying again may help', () => {
  assert.is(exceptionError('write', 2).kind, 'rejected');
  assert.match(exceptionError('write', 2).message, /nothing at this address.*exception 2, IllegalDataAddress/);
  assert.is(exceptionError('write', 6).code, 'Busy');
  assert.is(exceptionError('read', 11).code, 'DeviceUnreachable');
  assert.is(exceptionError('read', 99).kind, 'rejected');
});

test.run();
