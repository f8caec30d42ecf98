import { type Duration, millis } from '@selvedge/base/duration';
import type { SerialSettings } from '../plant/plant.ts';
import { maxPduBytes } from './pdu.ts';

// Modbus over Serial Line V1.02, 2.3 and 2.5: unit, PDU, CRC-16 with its low byte first.

export const maxRtuBytes = 1 + maxPduBytes + 2;

export interface RtuFrame {
  readonly unit: number;
  readonly pdu: Buffer;
}

export function encodeRtuFrame(frame: RtuFrame): Buffer {
  const bytes = Buffer.allocUnsafe(frame.pdu.length + 3);
  bytes[0] = frame.unit;
  frame.pdu.copy(bytes, 1);
  bytes.writeUInt16LE(crc16(bytes.subarray(0, -2)), bytes.length - 2);
  return bytes;
}

/** The frame that lay between two silences, or undefined when it is none: too short, too long, or its CRC is wrong. */
export function decodeRtuFrame(bytes: Buffer): RtuFrame | undefined {
  if (bytes.length < 4 || bytes.length > maxRtuBytes) return undefined;
  if (bytes.readUInt16LE(bytes.length - 2) !== crc16(bytes.subarray(0, -2))) return undefined;
  return { unit: bytes[0] ?? 0, pdu: bytes.subarray(1, -2) };
}

/** Appendix 6.2.2: polynomial 0xa001 (reflected), begins with 0xffff. */
export function crc16(bytes: Buffer): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

/**
 * The silence that ends a frame. 2.5.1.1: 3.5 characters, but 1.75 ms above 19,200 baud. A character is a start bit, the
 * data bits, the parity bit and the stop bits.
 */
export function frameGap({ baudRate, dataBits, parity, stopBits }: SerialSettings): Duration {
  if (baudRate > 19_200) return millis(1.75);
  const bits = 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits;
  return millis((3.5 * bits * 1_000) / baudRate);
}
