import type { Json, JsonObject } from '../json.ts';
import { unrecognized } from '../objects/decode.ts';
import { badRequest } from '../server/status.ts';
import { messageOf, messages } from './messages.ts';
import { asBytes, asNumber, bytesAt, numberAt, type WireFields, WireReader, type WireValue } from './wire.ts';

/** Content type of a request body in Kubernetes' envelope around a protocol buffer. */
export const protobufType = 'application/vnd.kubernetes.protobuf';

/** Before the envelope stand these four bytes: `k8s` and a zero. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/**
 * A body in Kubernetes' protocol buffer form as the JSON that it stands for. kubectl's typed commands (`create configmap`,
 * `auth can-i`) send nothing else.
 * @param expected  the kind that it should be, for the message about a body of another form; empty for options
 * @throws StatusError 400 for what cannot be read, and for kinds without a table in messages.ts
 */
export function decodeProtobuf(body: Buffer, expected: string): JsonObject {
  if (!body.subarray(0, 4).equals(magic)) {
    const why = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]';
    throw unrecognized(expected, body.subarray(0, 30).toString('hex'), why);
  }
  const reader = new WireReader();
  const envelope = reader.fieldsOf(body.subarray(4));
  const type = reader.fieldsOf(bytesAt(envelope, 1));
  const apiVersion = bytesAt(type, 1).toString();
  const kind = bytesAt(type, 2).toString();
  const message = messageFor(apiVersion, kind);
  if (message === undefined) {
    throw badRequest(`"${kind}" of "${apiVersion}" cannot be read as a protocol buffer by this server; send JSON`);
  }
  return { kind, apiVersion, ...new MessageDecoder(reader).message(bytesAt(envelope, 2), message) };
}

/** Options are of every group; whoever deletes names the group of what is deleted. */
function messageFor(apiVersion: string, kind: string): string | undefined {
  if (kind === 'DeleteOptions') return kind;
  const key = `${apiVersion} ${kind}`;
  return Object.hasOwn(messageOf, key) ? messageOf[key] : undefined;
}

/** Turns the fields of messages into JSON by the conventions of Kubernetes: bytes as base64, nothing for a zero. */
class MessageDecoder {
  readonly #reader: WireReader;

  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  /** No table of messages.ts contains itself, so what nests here is bounded by the tables. */
  message(buffer: Buffer, name: string): JsonObject {
    const fields = messages[name] ?? {};
    const result: JsonObject = {};
    for (const [number, values] of this.#reader.fieldsOf(buffer)) {
      const field = fields[number];
      if (field === undefined) continue;
      const [key, type] = field;
      const decoded = this.#field(values, type);
      if (decoded !== undefined) result[key] = decoded;
    }
    return result;
  }

  #field(values: readonly WireValue[], type: string): Json | undefined {
    if (type.startsWith('[]')) return values.map((value) => this.#value(value, type.slice(2)));
    if (type.startsWith('{}')) {
      const entries = values.map((value) => {
        const entry = this.#fields(value);
        const content = entry.get(2)?.at(-1) ?? Buffer.alloc(0);
        return [bytesAt(entry, 1).toString(), this.#value(content, type.slice(2))] as const;
      });
      return Object.fromEntries(entries);
    }
    const last = values.at(-1);
    if (last === undefined) return undefined;
    const keepsZero = type.endsWith('?');
    const value = this.#value(last, keepsZero ? type.slice(0, -1) : type);
    return keepsZero || !isZero(value) ? value : undefined;
  }

  #value(value: WireValue, type: string): Json {
    switch (type) {
      case 'string':
        return asBytes(value).toString();
      case 'bytes':
        return asBytes(value).toString('base64');
      case 'integer':
        return asNumber(value);
      case 'boolean':
        return asNumber(value) !== 0;
      case 'Time':
      case 'MicroTime':
        return timeOf(this.#fields(value), type === 'MicroTime');
      case 'FieldsV1':
        return parsed(bytesAt(this.#fields(value), 1));
      case 'IntOrString': {
        const fields = this.#fields(value);
        return numberAt(fields, 1) === 1 ? bytesAt(fields, 3).toString() : numberAt(fields, 2);
      }
      case 'ExtraValue':
        return (this.#fields(value).get(1) ?? []).map((text) => asBytes(text).toString());
      default:
        return this.message(asBytes(value), type);
    }
  }

  #fields(value: WireValue): WireFields {
    return this.#reader.fieldsOf(asBytes(value));
  }
}

function isZero(value: Json): boolean {
  if (value === null || value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0;
}

function parsed(bytes: Buffer): Json {
  try {
    return JSON.parse(bytes.toString() || '{}') as Json;
  } catch {
    throw badRequest('the protocol buffer has managed fields that are no JSON');
  }
}

/** Seconds of year 9999: what RFC 3339 can write. */
const latestSeconds = 253_402_300_799;

function timeOf(fields: WireFields, micro: boolean): Json {
  const seconds = numberAt(fields, 1);
  if (seconds === 0) return null;
  if (Math.abs(seconds) > latestSeconds)
    throw badRequest(`the protocol buffer has a time "${seconds}" beyond year 9999`);
  const text = new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, '');
  if (!micro) return `${text}Z`;
  const micros = Math.trunc(Math.abs(numberAt(fields, 2)) / 1_000) % 1_000_000;
  return `${text}.${String(micros).padStart(6, '0')}Z`;
}
