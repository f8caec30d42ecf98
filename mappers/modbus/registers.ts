import type { Raw, RawKind } from '@selvedge/mapper-kit/driver';
import type { DataType } from './schema.ts';

/** A data type once `auto` is resolved. */
export type ConcreteType = Exclude<DataType, 'auto'>;

/** How a value lies in its registers. */
export interface Layout {
  readonly type: Exclude<ConcreteType, 'bool'>;
  /** Registers of 16 bits. */
  readonly count: number;
  /** Registers in reverse order: low word first. */
  readonly wordSwap: boolean;
  /** Bytes of each register in reverse order. */
  readonly byteSwap: boolean;
}

/** Registers that a type needs; undefined for those of any length. */
export function widthOf(type: ConcreteType): number | undefined {
  switch (type) {
    case 'bool':
    case 'int16':
    case 'uint16':
      return 1;
    case 'int32':
    case 'uint32':
    case 'float32':
      return 2;
    case 'int64':
    case 'uint64':
    case 'float64':
      return 4;
    case 'string':
    case 'bytes':
      return undefined;
  }
}

/** What raw values the registers can hold. */
export function rawKindOf(layout: Layout): RawKind {
  const bits = BigInt(layout.count * 16);
  switch (layout.type) {
    case 'int16':
    case 'int32':
    case 'int64':
      return { kind: 'integer', minimum: -(1n << (bits - 1n)), maximum: (1n << (bits - 1n)) - 1n };
    case 'uint16':
    case 'uint32':
    case 'uint64':
      return { kind: 'integer', minimum: 0n, maximum: (1n << bits) - 1n };
    case 'float32':
      return { kind: 'float', bits: 32 };
    case 'float64':
      return { kind: 'float', bits: 64 };
    case 'string':
      return { kind: 'text', maxBytes: layout.count * 2 };
    case 'bytes':
      return { kind: 'bytes', length: layout.count * 2 };
  }
}

/**
 * The value in `registers`, of which there are `layout.count`. Modbus sends a register's high byte first (Application Protocol
 * 1.1b3, 4.2); the order of several registers is each maker's own. Pure.
 */
export function decodeRegisters(registers: readonly number[], layout: Layout): Raw {
  const bytes = Buffer.alloc(layout.count * 2);
  const ordered = layout.wordSwap ? [...registers].reverse() : registers;
  for (const [index, register] of ordered.entries()) {
    if (layout.byteSwap) bytes.writeUInt16LE(register, index * 2);
    else bytes.writeUInt16BE(register, index * 2);
  }
  switch (layout.type) {
    case 'int16':
      return bytes.readInt16BE();
    case 'uint16':
      return bytes.readUInt16BE();
    case 'int32':
      return bytes.readInt32BE();
    case 'uint32':
      return bytes.readUInt32BE();
    case 'int64':
      return bytes.readBigInt64BE();
    case 'uint64':
      return bytes.readBigUInt64BE();
    case 'float32':
      return bytes.readFloatBE();
    case 'float64':
      return bytes.readDoubleBE();
    case 'string':
      return bytes.toString('utf8').replace(/\0+$/, '');
    case 'bytes':
      return new Uint8Array(bytes);
  }
}

/** The registers that hold `raw`, which fits the layout's {@link rawKindOf}. The inverse of {@link decodeRegisters}. Pure. */
export function encodeRegisters(raw: Raw, layout: Layout): number[] {
  const bytes = Buffer.alloc(layout.count * 2);
  switch (layout.type) {
    case 'int16':
      bytes.writeInt16BE(Number(raw));
      break;
    case 'uint16':
      bytes.writeUInt16BE(Number(raw));
      break;
    case 'int32':
      bytes.writeInt32BE(Number(raw));
      break;
    case 'uint32':
      bytes.writeUInt32BE(Number(raw));
      break;
    case 'int64':
      bytes.writeBigInt64BE(BigInt(raw as number | bigint));
      break;
    case 'uint64':
      bytes.writeBigUInt64BE(BigInt(raw as number | bigint));
      break;
    case 'float32':
      bytes.writeFloatBE(Number(raw));
      break;
    case 'float64':
      bytes.writeDoubleBE(Number(raw));
      break;
    case 'string':
      bytes.write(String(raw), 'utf8');
      break;
    case 'bytes':
      bytes.set(raw as Uint8Array);
  }
  const registers = Array.from({ length: layout.count }, (_, index) =>
    layout.byteSwap ? bytes.readUInt16LE(index * 2) : bytes.readUInt16BE(index * 2),
  );
  return layout.wordSwap ? registers.reverse() : registers;
}
