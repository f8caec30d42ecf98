import { type FieldError, rejected } from '@selvedge/base/errors';

// Modbus Application Protocol Specification V1.1b3: 4.1 (PDU), 6 (function codes), 7 (exceptions). All numbers big-endian.

export const maxPduBytes = 253;

/** Spec section 7. */
export const exceptionCodes = {
  IllegalFunction: 1,
  IllegalDataAddress: 2,
  IllegalDataValue: 3,
  ServerDeviceFailure: 4,
  ServerDeviceBusy: 6,
  GatewayTargetFailed: 11,
} as const;
export type ExceptionName = keyof typeof exceptionCodes;

export type Request =
  | { readonly code: 1 | 2 | 3 | 4; readonly address: number; readonly quantity: number }
  | { readonly code: 5; readonly address: number; readonly value: boolean }
  | { readonly code: 6; readonly address: number; readonly value: number }
  | { readonly code: 15; readonly address: number; readonly values: readonly boolean[] }
  | { readonly code: 16; readonly address: number; readonly values: readonly number[] }
  | { readonly code: 22; readonly address: number; readonly and: number; readonly or: number }
  | {
      readonly code: 23;
      readonly address: number;
      readonly quantity: number;
      readonly writeAddress: number;
      readonly values: readonly number[];
    }
  /** Read Device Identification (MEI type 14). `access`: 1 basic, 2 regular, 3 extended, 4 one object. */
  | { readonly code: 43; readonly access: number; readonly objectId: number };

export type Response =
  /** Decoded, `values` are filled up to whole bytes. */
  | { readonly code: 1 | 2; readonly values: readonly boolean[] }
  | { readonly code: 3 | 4 | 23; readonly values: readonly number[] }
  | { readonly code: 5; readonly address: number; readonly value: boolean }
  | { readonly code: 6; readonly address: number; readonly value: number }
  | { readonly code: 15 | 16; readonly address: number; readonly quantity: number }
  | { readonly code: 22; readonly address: number; readonly and: number; readonly or: number }
  | {
      readonly code: 43;
      readonly access: number;
      readonly conformity: number;
      readonly objects: readonly { readonly id: number; readonly text: string }[];
    }
  | { readonly code: 'exception'; readonly of: number; readonly exception: number };

/**
 * What a master asks for. Pure.
 * @throws rejected `IllegalFunction` or `IllegalDataValue`, which name the exception that the server answers
 */
export function decodeRequest(pdu: Buffer): Request {
  const code = pdu[0];
  switch (code) {
    case 1:
    case 2:
      return { code, ...readRange(pdu, 2_000) };
    case 3:
    case 4:
      return { code, ...readRange(pdu, 125) };
    case 5: {
      const { address, value } = twoWords(pdu);
      if (value !== 0 && value !== 0xff00) throw illegal(`coil value 0x${value.toString(16)} is neither 0 nor 0xff00`);
      return { code, address, value: value !== 0 };
    }
    case 6:
      return { code, ...twoWords(pdu) };
    case 15: {
      const { address, quantity, data } = writeRange(pdu, 1, 1_968, (count) => Math.ceil(count / 8));
      return { code, address, values: unpackBits(data, quantity) };
    }
    case 16: {
      const { address, data } = writeRange(pdu, 1, 123, (count) => count * 2);
      return { code, address, values: unpackWords(data) };
    }
    case 22:
      exactly(pdu, 7);
      return { code, address: pdu.readUInt16BE(1), and: pdu.readUInt16BE(3), or: pdu.readUInt16BE(5) };
    case 23: {
      if (pdu.length < 10) throw illegal(`${pdu.length} bytes are too few`);
      const range = { address: pdu.readUInt16BE(1), quantity: bounded(pdu.readUInt16BE(3), 125) };
      const { address: writeAddress, data } = writeRange(pdu, 5, 121, (count) => count * 2);
      return { code, ...range, writeAddress, values: unpackWords(data) };
    }
    case 43: {
      // 6.21: other MEI types than 14 carry other protocols (CANopen), which are not here.
      if (pdu.length > 1 && pdu[1] !== 14) throw rejected('IllegalFunction', `No MEI type ${pdu[1]} here; known: 14`);
      exactly(pdu, 4);
      const [, , access = 0, objectId = 0] = pdu;
      if (access < 1 || access > 4) throw illegal(`device id code ${access} is not 1 to 4`);
      return { code, access, objectId };
    }
    default:
      throw rejected('IllegalFunction', `No function ${code ?? '(empty)'} here; known: 1 to 6, 15, 16, 22, 23, 43`);
  }
}

export function encodeRequest(request: Request): Buffer {
  switch (request.code) {
    case 1:
    case 2:
    case 3:
    case 4:
      return words(request.code, request.address, request.quantity);
    case 5:
      return words(request.code, request.address, request.value ? 0xff00 : 0);
    case 6:
      return words(request.code, request.address, request.value);
    case 15: {
      const data = packBits(request.values);
      return Buffer.concat([words(15, request.address, request.values.length), Buffer.from([data.length]), data]);
    }
    case 16: {
      const data = packWords(request.values);
      return Buffer.concat([words(16, request.address, request.values.length), Buffer.from([data.length]), data]);
    }
    case 22:
      return words(22, request.address, request.and, request.or);
    case 23: {
      const data = packWords(request.values);
      const head = words(23, request.address, request.quantity, request.writeAddress, request.values.length);
      return Buffer.concat([head, Buffer.from([data.length]), data]);
    }
    case 43:
      return Buffer.from([43, 14, request.access, request.objectId]);
  }
}

export function encodeResponse(response: Response): Buffer {
  switch (response.code) {
    case 1:
    case 2: {
      const data = packBits(response.values);
      return Buffer.concat([Buffer.from([response.code, data.length]), data]);
    }
    case 3:
    case 4:
    case 23: {
      const data = packWords(response.values);
      return Buffer.concat([Buffer.from([response.code, data.length]), data]);
    }
    case 5:
      return words(5, response.address, response.value ? 0xff00 : 0);
    case 6:
      return words(6, response.address, response.value);
    case 15:
    case 16:
      return words(response.code, response.address, response.quantity);
    case 22:
      return words(22, response.address, response.and, response.or);
    case 43: {
      const objects = response.objects.map(({ id, text }) => {
        const data = Buffer.from(text, 'latin1');
        return Buffer.concat([Buffer.from([id, data.length]), data]);
      });
      // No more follows, and so no next object id: what we tell fits one answer (config limits each text to 60).
      const head = [43, 14, response.access, response.conformity, 0, 0, objects.length];
      return Buffer.concat([Buffer.from(head), ...objects]);
    }
    case 'exception':
      return Buffer.from([response.of | 0x80, response.exception]);
  }
}

/** What a server answered. Pure. @throws rejected `IllegalDataValue` for what no server may answer */
export function decodeResponse(pdu: Buffer): Response {
  const code = pdu[0];
  if (code !== undefined && code >= 0x80) {
    exactly(pdu, 2);
    return { code: 'exception', of: code & 0x7f, exception: pdu[1] ?? 0 };
  }
  switch (code) {
    case 1:
    case 2: {
      const data = countedData(pdu);
      return { code, values: unpackBits(data, data.length * 8) };
    }
    case 3:
    case 4:
    case 23: {
      const data = countedData(pdu);
      if (data.length % 2 !== 0) throw illegal(`${data.length} bytes are no whole registers`);
      return { code, values: unpackWords(data) };
    }
    case 5:
    case 6:
    case 22:
      return decodeRequest(pdu) as Extract<Response, { code: 5 | 6 | 22 }>;
    case 15:
    case 16: {
      const { address, value: quantity } = twoWords(pdu);
      return { code, address, quantity };
    }
    case 43:
      return decodeIdentification(pdu);
    default:
      throw illegal(`no answer begins with ${code ?? 'nothing'}`);
  }
}

function decodeIdentification(pdu: Buffer): Response {
  if (pdu.length < 7 || pdu[1] !== 14) throw illegal(`${pdu.length} bytes are no device identification`);
  const objects: { id: number; text: string }[] = [];
  let at = 7;
  for (let left = pdu[6] ?? 0; left > 0; left--) {
    const [id, length] = [pdu[at], pdu[at + 1]];
    if (id === undefined || length === undefined || at + 2 + length > pdu.length) throw illegal('an object is cut off');
    objects.push({ id, text: pdu.toString('latin1', at + 2, at + 2 + length) });
    at += 2 + length;
  }
  exactly(pdu, at);
  return { code: 43, access: pdu[2] ?? 0, conformity: pdu[3] ?? 0, objects };
}

const illegal = (reason: string): FieldError => rejected('IllegalDataValue', `Malformed Modbus PDU: ${reason}`);

function exactly(pdu: Buffer, length: number): void {
  if (pdu.length !== length) throw illegal(`${pdu.length} bytes where ${length} belong`);
}

function bounded(quantity: number, most: number): number {
  if (quantity < 1 || quantity > most) throw illegal(`quantity ${quantity} is not 1 to ${most}`);
  return quantity;
}

function twoWords(pdu: Buffer): { address: number; value: number } {
  exactly(pdu, 5);
  return { address: pdu.readUInt16BE(1), value: pdu.readUInt16BE(3) };
}

function readRange(pdu: Buffer, most: number): { address: number; quantity: number } {
  const { address, value } = twoWords(pdu);
  return { address, quantity: bounded(value, most) };
}

/** Address, quantity, byte count and data, from offset `at` to the end. */
function writeRange(pdu: Buffer, at: number, most: number, bytesFor: (quantity: number) => number) {
  if (pdu.length < at + 5) throw illegal(`${pdu.length} bytes are too few`);
  const quantity = bounded(pdu.readUInt16BE(at + 2), most);
  const count = pdu[at + 4];
  if (count !== bytesFor(quantity)) throw illegal(`byte count ${count} does not fit quantity ${quantity}`);
  exactly(pdu, at + 5 + count);
  return { address: pdu.readUInt16BE(at), quantity, data: pdu.subarray(at + 5) };
}

function countedData(pdu: Buffer): Buffer {
  const count = pdu[1] ?? 0;
  exactly(pdu, 2 + count);
  return pdu.subarray(2);
}

function words(code: number, ...values: readonly number[]): Buffer {
  const pdu = Buffer.allocUnsafe(1 + values.length * 2);
  pdu[0] = code;
  for (const [index, value] of values.entries()) pdu.writeUInt16BE(value, 1 + index * 2);
  return pdu;
}

function packWords(values: readonly number[]): Buffer {
  const data = Buffer.allocUnsafe(values.length * 2);
  for (let index = 0; index < values.length; index++) data.writeUInt16BE(values[index] ?? 0, index * 2);
  return data;
}

const unpackWords = (data: Buffer): number[] =>
  Array.from({ length: data.length / 2 }, (_, index) => data.readUInt16BE(index * 2));

/** 6.1: the first bit is the lowest of the first byte; the last byte is filled with zeros. */
function packBits(values: readonly boolean[]): Buffer {
  const data = Buffer.alloc(Math.ceil(values.length / 8));
  for (let index = 0; index < values.length; index++) {
    if (values[index]) data[index >> 3] = (data[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return data;
}

const unpackBits = (data: Buffer, quantity: number): boolean[] =>
  Array.from({ length: quantity }, (_, index) => ((data[index >> 3] ?? 0) & (1 << (index & 7))) !== 0);
