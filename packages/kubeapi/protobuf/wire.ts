import { badRequest } from '../server/status.ts';

/** A field as it stands in the bytes: a number, or whatever has a length. */
export type WireValue = bigint | Buffer;
/** The values of each field by its number, in the order in which they came. */
export type WireFields = ReadonlyMap<number, readonly WireValue[]>;

/** Fields that one body may have in all its messages; each costs far more memory than the two bytes it may take here. */
const maxFields = 200_000;

/** Reads the protocol buffer wire format. One reader for one body: it counts what the body makes it do. */
export class WireReader {
  #left = maxFields;

  /** The fields of one message. @throws StatusError 400 when the bytes are no message, or too many fields */
  fieldsOf(buffer: Buffer): WireFields {
    const fields = new Map<number, WireValue[]>();
    let at = 0;
    const varint = (): bigint => {
      let result = 0n;
      for (let shift = 0n; shift < 70n; shift += 7n) {
        const byte = buffer[at];
        if (byte === undefined) break;
        at += 1;
        result |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return BigInt.asIntN(64, result);
      }
      throw badRequest('the protocol buffer ends inside a number');
    };
    const take = (length: number): Buffer => {
      if (length < 0 || at + length > buffer.length) throw badRequest('the protocol buffer ends inside a field');
      at += length;
      return buffer.subarray(at - length, at);
    };
    while (at < buffer.length) {
      this.#left -= 1;
      if (this.#left < 0) throw badRequest(`the protocol buffer has more than ${maxFields} fields`);
      const tag = Number(varint());
      const value = readValue(tag & 7, varint, take);
      const known = fields.get(tag >>> 3);
      if (known === undefined) fields.set(tag >>> 3, [value]);
      else known.push(value);
    }
    return fields;
  }
}

function readValue(wireType: number, varint: () => bigint, take: (length: number) => Buffer): WireValue {
  switch (wireType) {
    case 0:
      return varint();
    case 1:
      return take(8);
    case 2:
      return take(Number(varint()));
    case 5:
      return take(4);
    default:
      throw badRequest(`the protocol buffer has a field of unknown wire type ${wireType}`);
  }
}

/** The last value of a field that has a length; empty when there is none, as the format has it. */
export function bytesAt(fields: WireFields, number: number): Buffer {
  return asBytes(fields.get(number)?.at(-1) ?? Buffer.alloc(0));
}

/** The last value of a field that is a number; 0 when there is none. */
export function numberAt(fields: WireFields, number: number): number {
  return asNumber(fields.get(number)?.at(-1) ?? 0n);
}

export function asBytes(value: WireValue): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw badRequest('the protocol buffer has a number where a text or message belongs');
}

export function asNumber(value: WireValue): number {
  if (typeof value === 'bigint') return Number(value);
  throw badRequest('the protocol buffer has a text or message where a number belongs');
}
