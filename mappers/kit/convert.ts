import { formatValue, type PropertyType, type Value } from '@selvedge/contract/value';
import type { Raw, RawKind } from './driver.ts';

/** What of a point conversion needs. `value = raw * scale + offset`. */
export interface Conversion {
  readonly raw: RawKind;
  readonly scale: number;
  readonly offset: number;
}

export type ToRaw =
  | { readonly ok: true; readonly raw: Raw }
  | { readonly ok: false; readonly code: string; readonly reason: string };
export type ToText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/**
 * The raw value to write for a value that `checkDesired` has let through. Integers are rounded to the nearest step. Pure.
 * Refuses with `OutOfRange` or `WrongType`; `reason` completes "Cannot write ...: ".
 */
export function toRaw(point: Conversion, type: PropertyType, value: Value): ToRaw {
  const kind = point.raw;
  switch (kind.kind) {
    case 'bit':
      if (typeof value === 'boolean') return { ok: true, raw: value };
      if (value === 0 || value === 1) return { ok: true, raw: value === 1 };
      return refuse('OutOfRange', `${String(value)} does not fit one bit; it must be 0 or 1`);
    case 'integer':
      return toInteger(point, kind, value);
    case 'float': {
      const number = asNumber(value);
      if (number === undefined)
        return refuse('WrongType', `"${String(value)}" is not a number, which this point holds`);
      const unscaled = (number - point.offset) / point.scale;
      const raw = kind.bits === 32 ? Math.fround(unscaled) : unscaled;
      if (Number.isFinite(raw)) return { ok: true, raw };
      return refuse('OutOfRange', `${number} does not fit ${kind.bits} bits of floating point`);
    }
    case 'text': {
      const text = String(value);
      const bytes = Buffer.byteLength(text, 'utf8');
      if (bytes <= kind.maxBytes) return { ok: true, raw: text };
      return refuse('OutOfRange', `the text takes ${bytes} bytes, the point holds ${kind.maxBytes}`);
    }
    case 'bytes': {
      const raw = Buffer.from(String(value), type === 'BYTES' ? 'base64' : 'utf8');
      if (raw.length <= kind.length) return { ok: true, raw: new Uint8Array(raw) };
      return refuse('OutOfRange', `${raw.length} bytes are given, the point holds ${kind.length}`);
    }
  }
}

function toInteger(point: Conversion, kind: Extract<RawKind, { kind: 'integer' }>, value: Value): ToRaw {
  const number = asNumber(value);
  if (number === undefined) return refuse('WrongType', `"${String(value)}" is not a number, which this point holds`);
  const raw = isPlain(point) ? wholeNumber(value, number) : nearestWhole((number - point.offset) / point.scale);
  if (raw === undefined) return refuse('OutOfRange', `${number} cannot be scaled`);
  if (raw >= kind.minimum && raw <= kind.maximum) return { ok: true, raw: simplest(raw) };
  const ends = [scaled(point, kind.minimum), scaled(point, kind.maximum)].sort((a, b) => a - b);
  return refuse('OutOfRange', `${String(value)} does not fit the device; it can hold ${ends[0]} to ${ends[1]}`);
}

/** A whole number that came as text is taken as it is, also beyond 53 bits. */
const wholeNumber = (value: Value, number: number): bigint | undefined =>
  typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? BigInt(value) : nearestWhole(number);
const nearestWhole = (number: number): bigint | undefined =>
  Number.isFinite(number) ? BigInt(Math.round(number)) : undefined;

/** The text of a raw value, as the property's type has it. Pure. */
export function toText(point: Conversion, type: PropertyType, raw: Raw): ToText {
  if (raw instanceof Uint8Array) {
    if (type === 'BYTES') return { ok: true, text: Buffer.from(raw).toString('base64') };
    return { ok: true, text: trimNul(Buffer.from(raw).toString('utf8')) };
  }
  if (type === 'BYTES') return { ok: true, text: Buffer.from(String(raw), 'utf8').toString('base64') };
  if (typeof raw === 'string') return stringToText(type, raw);
  if (type === 'BOOLEAN') return { ok: true, text: String(typeof raw === 'boolean' ? raw : Number(raw) !== 0) };
  if (type === 'STRING' || type === 'STREAM') {
    if (typeof raw === 'boolean') return { ok: true, text: String(raw) };
    if (isPlain(point)) return { ok: true, text: String(raw) };
    return { ok: true, text: String(scaled(point, raw)) };
  }
  const value = scaled(point, typeof raw === 'boolean' ? Number(raw) : raw);
  if (!Number.isFinite(value)) return { ok: false, reason: `the device holds ${value}, which is not a number` };
  const whole = type === 'INT' ? Math.trunc(value) : value;
  if (type === 'INT' && !Number.isSafeInteger(whole)) {
    return { ok: false, reason: `the device holds ${raw}, which needs more than 53 bits; make the property a STRING` };
  }
  return { ok: true, text: formatValue(type, whole) };
}

function stringToText(type: PropertyType, raw: string): ToText {
  if (type === 'STRING' || type === 'STREAM') return { ok: true, text: raw };
  if (type === 'BOOLEAN') return { ok: true, text: String(raw === 'true' || raw === '1') };
  const value = Number(raw.trim() || Number.NaN);
  if (!Number.isFinite(value)) return { ok: false, reason: `the device holds "${raw.slice(0, 40)}", not a number` };
  return { ok: true, text: formatValue(type, type === 'INT' ? Math.trunc(value) : value) };
}

/** Whether the device holds what was written: compared before scaling, so that rounding cannot make a difference. */
export function rawEquals(written: Raw, found: Raw): boolean {
  if (written instanceof Uint8Array && found instanceof Uint8Array) {
    // A device pads a short value with zeros.
    const longer = Math.max(written.length, found.length);
    for (let index = 0; index < longer; index++) if ((written[index] ?? 0) !== (found[index] ?? 0)) return false;
    return true;
  }
  if (typeof written === 'string' || typeof found === 'string') return String(written) === String(found);
  if (written instanceof Uint8Array || found instanceof Uint8Array) return false;
  return written === found || simplest(asWhole(written)) === simplest(asWhole(found));
}

/** 15 significant digits: what binary fractions such as 651 * 0.1 add beyond is noise. */
function scaled(point: Conversion, raw: number | bigint): number {
  return isPlain(point) ? Number(raw) : Number((Number(raw) * point.scale + point.offset).toPrecision(15));
}

function asNumber(value: Value): number | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number') return value;
  const number = Number(value.trim() || Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

const isPlain = ({ scale, offset }: Conversion): boolean => scale === 1 && offset === 0;
const asWhole = (raw: number | bigint | boolean): number | bigint => (typeof raw === 'boolean' ? Number(raw) : raw);
const simplest = (raw: number | bigint): number | bigint =>
  typeof raw === 'bigint' && raw >= BigInt(Number.MIN_SAFE_INTEGER) && raw <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(raw)
    : raw;
const trimNul = (text: string): string => text.replace(/\0+$/, '');
const refuse = (code: string, reason: string): ToRaw => ({ ok: false, code, reason });
