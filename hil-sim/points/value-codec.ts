import { configError } from '@selvedge/base/errors';
import {
  isBit,
  type Point,
  type PointValue,
  type RegisterPoint,
  type RegisterType,
  registersOf,
} from '../plant/plant.ts';

const ranges: Record<Exclude<RegisterType, 'float32' | 'bool'>, readonly [number, number]> = {
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
};
const float32Max = 3.402_823_466_385_288_6e38;

/** What the registers `words` mean at `point`: raw * scale + offset. */
export function decodeValue(point: RegisterPoint, words: readonly number[]): PointValue {
  const bytes = wireBytes(point, words);
  switch (point.type) {
    case 'bool':
      return bytes.getUint16(0) !== 0;
    case 'int16':
      return scaled(point, bytes.getInt16(0));
    case 'uint16':
      return scaled(point, bytes.getUint16(0));
    case 'int32':
      return scaled(point, bytes.getInt32(0));
    case 'uint32':
      return scaled(point, bytes.getUint32(0));
    case 'float32':
      return scaled(point, bytes.getFloat32(0));
  }
}

/**
 * The registers that show `value` at `point`, rounded to what its type can tell and held at the ends of its range,
 * as a transmitter does when it saturates.
 */
export function encodeValue(point: RegisterPoint, value: PointValue): number[] {
  const bytes = new DataView(new ArrayBuffer(registersOf(point.type) * 2));
  if (point.type === 'bool') {
    bytes.setUint16(0, Number(value) !== 0 ? 1 : 0);
  } else {
    const raw = (Number(value) - point.offset) / point.scale;
    if (point.type === 'float32') bytes.setFloat32(0, raw);
    else {
      const [low, high] = ranges[point.type];
      const whole = Math.min(high, Math.max(low, Math.round(Number.isNaN(raw) ? 0 : raw)));
      if (registersOf(point.type) === 1) bytes.setUint16(0, whole & 0xffff);
      else bytes.setUint32(0, whole >>> 0);
    }
  }
  return ordered(
    point,
    Array.from({ length: bytes.byteLength / 2 }, (_, index) => bytes.getUint16(index * 2)),
  );
}

/** @throws configError `InvalidValue` when `value` has the wrong type for `point`, or is past what its registers can hold. */
export function assertRepresentable(point: Point, value: PointValue): void {
  const fail = (reason: string) =>
    configError('InvalidValue', `Cannot set "${point.device}.${point.name}" to ${String(value)}: ${reason}`);
  if (isBit(point) || point.type === 'bool') {
    if (typeof value !== 'boolean') throw fail('it is a boolean; write true or false');
    return;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) throw fail(`it is of type ${point.type}; write a number`);
  const [low, high] = point.type === 'float32' ? [-float32Max, float32Max] : ranges[point.type];
  const raw = (value - point.offset) / point.scale;
  const rounded = point.type === 'float32' ? raw : Math.round(raw);
  if (rounded < low || rounded > high) {
    const ends = [scaled(point, low), scaled(point, high)].sort((a, b) => a - b);
    throw fail(`${point.type} with scale ${point.scale} holds ${ends[0]} to ${ends[1]}`);
  }
}

/** Twelve significant digits hide what binary fractions add (650 * 0.1), and lose nothing that a 32-bit register tells. */
function scaled(point: RegisterPoint, raw: number): number {
  if (point.scale === 1 && point.offset === 0) return raw;
  return Number((raw * point.scale + point.offset).toPrecision(12));
}

function wireBytes(point: RegisterPoint, words: readonly number[]): DataView {
  const bytes = new DataView(new ArrayBuffer(words.length * 2));
  for (const [index, word] of ordered(point, words).entries()) bytes.setUint16(index * 2, word);
  return bytes;
}

/** Between the wire's order and big-endian; the same turn leads there and back. */
function ordered(point: RegisterPoint, words: readonly number[]): number[] {
  const turned = point.byteOrder === 'little' ? words.map((word) => ((word & 0xff) << 8) | (word >>> 8)) : [...words];
  return point.wordOrder === 'little' ? turned.reverse() : turned;
}
