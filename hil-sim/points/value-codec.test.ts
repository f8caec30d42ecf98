import { FieldError } from '@selvedge/base/errors';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RegisterPoint } from '../plant/plant.ts';
import { assertRepresentable, decodeValue, encodeValue } from './value-codec.ts';

const test = suite('point values');

const point = (over: Partial<RegisterPoint>): RegisterPoint => ({
  device: 'boiler',
  name: 'one',
  table: 'holdingRegisters',
  address: 0,
  type: 'int16',
  wordOrder: 'big',
  byteOrder: 'big',
  scale: 1,
  offset: 0,
  initial: 0,
  ...over,
});

const vectors: [string, Partial<RegisterPoint>, number | boolean, number[]][] = [
  ['a signed register', { type: 'int16' }, -2, [0xfffe]],
  ['an unsigned register', { type: 'uint16' }, 65_534, [0xfffe]],
  ['a scaled set-point', { type: 'int16', scale: 0.1 }, 65, [650]],
  ['scale and offset', { type: 'uint16', scale: 0.5, offset: -40 }, 20, [120]],
  ['a float, ABCD', { type: 'float32' }, 123.25, [0x42f6, 0x8000]],
  ['a float, CDAB', { type: 'float32', wordOrder: 'little' }, 123.25, [0x8000, 0x42f6]],
  ['a float, BADC', { type: 'float32', byteOrder: 'little' }, 123.25, [0xf642, 0x0080]],
  ['a float, DCBA', { type: 'float32', wordOrder: 'little', byteOrder: 'little' }, 123.25, [0x0080, 0xf642]],
  ['a long signed number', { type: 'int32' }, -65_537, [0xfffe, 0xffff]],
  ['a long unsigned number, CDAB', { type: 'uint32', wordOrder: 'little' }, 4_000_000_001, [0x2801, 0xee6b]],
  ['a truth', { type: 'bool' }, true, [1]],
];
for (const [what, over, value, words] of vectors) {
  test(`${what} is the same both ways`, () => {
    assert.equal(encodeValue(point(over), value), words);
    assert.is(decodeValue(point(over), words), value);
  });
}

test('a value past the range is held at the end of it, as a transmitter saturates', () => {
  assert.equal(encodeValue(point({ type: 'int16', scale: 0.1 }), 1e9), [0x7fff]);
  assert.equal(encodeValue(point({ type: 'uint16' }), -1), [0]);
  assert.equal(encodeValue(point({ type: 'int16' }), Number.NaN), [0]);
});

test('any registers come back as they were, in every type and order', () => {
  const word = fc.integer({ min: 0, max: 65_535 });
  const kind = fc.constantFrom('int16', 'uint16', 'int32', 'uint32', 'float32');
  const order = fc.constantFrom('big', 'little');
  const scale = fc.constantFrom(1, 0.1, 0.01, 10);
  fc.assert(
    fc.property(kind, order, order, scale, word, word, (type, wordOrder, byteOrder, factor, a, b) => {
      const one = point({ type, wordOrder, byteOrder, scale: type === 'float32' ? 1 : factor });
      const words = type.endsWith('16') ? [a] : [a, b];
      const value = decodeValue(one, words);
      if (Number.isNaN(value)) return;
      assert.equal(encodeValue(one, value), words);
    }),
    { seed: 6, numRuns: 2_000 },
  );
});

test('a value its registers cannot hold is refused with the range', () => {
  const refused = (over: Partial<RegisterPoint>, value: number | boolean, text: RegExp) =>
    assert.throws(
      () => assertRepresentable(point(over), value),
      (error: unknown) => error instanceof FieldError && text.test(error.message),
    );
  refused({ scale: 0.1 }, 5_000, /"boiler.one" to 5000: int16 with scale 0.1 holds -3276.8 to 3276.7/);
  refused({}, true, /write a number/);
  refused({ type: 'bool' }, 1, /write true or false/);
  refused({ type: 'float32' }, 1e39, /holds/);
  assertRepresentable(point({ scale: 0.1 }), 3_276.7);
});

test.run();
