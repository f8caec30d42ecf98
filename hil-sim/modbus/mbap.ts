import { rejected } from '@selvedge/base/errors';
import { maxPduBytes } from './pdu.ts';

// Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3: transaction, protocol (0), length (unit + PDU), unit.

const headerBytes = 7;

export interface TcpFrame {
  readonly transaction: number;
  readonly unit: number;
  readonly pdu: Buffer;
}

export function encodeTcpFrame(frame: TcpFrame): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + frame.pdu.length);
  bytes.writeUInt16BE(frame.transaction, 0);
  bytes.writeUInt16BE(0, 2);
  bytes.writeUInt16BE(frame.pdu.length + 1, 4);
  bytes[6] = frame.unit;
  frame.pdu.copy(bytes, headerBytes);
  return bytes;
}

/** Cuts a TCP stream into frames, however its segments were split or joined. Holds at most one frame of 260 bytes. */
export class TcpFrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The frames that `chunk` completes. One of another protocol id than 0 is passed over.
   * @throws rejected `LostFraming` for a length that no frame can have: where the next one begins nobody knows then, so
   *   the connection has to be closed
   */
  push(chunk: Buffer): TcpFrame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: TcpFrame[] = [];
    let at = 0;
    while (bytes.length - at >= headerBytes) {
      const length = bytes.readUInt16BE(at + 4);
      if (length < 2 || length > maxPduBytes + 1) {
        throw rejected('LostFraming', `Malformed Modbus TCP frame: length ${length} is not 2 to ${maxPduBytes + 1}`);
      }
      const end = at + 6 + length;
      if (end > bytes.length) break;
      if (bytes.readUInt16BE(at + 2) === 0) {
        const unit = bytes[at + 6] ?? 0;
        frames.push({ transaction: bytes.readUInt16BE(at), unit, pdu: bytes.subarray(at + headerBytes, end) });
      }
      at = end;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return frames;
  }
}
