/** The property types of a DeviceModel (devices.kubeedge.io/v1beta1). */
export const propertyTypes = ['INT', 'FLOAT', 'DOUBLE', 'STRING', 'BOOLEAN', 'BYTES', 'STREAM'] as const;
export type PropertyType = (typeof propertyTypes)[number];

/** A property's value inside the program. BYTES are base64 text; INT is a whole number of at most 53 bits. */
export type Value = number | string | boolean;

export type ParsedValue =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly code: ValueProblem; readonly reason: string };

export type ValueProblem = 'NotANumber' | 'NotAnInteger' | 'NotABoolean' | 'NotBase64' | 'TooLong' | 'OutOfRange';

/** Longest text of one value. KubeEdge allows 512 characters on its MQTT topics; a status must stay small. */
export const maxValueLength = 512;

/** Reads a value as it stands in an object or message, where every value is text. Never throws. */
export function parseValue(type: PropertyType, text: string): ParsedValue {
  if (text.length > maxValueLength) {
    return {
      ok: false,
      code: 'TooLong',
      reason: `it has ${text.length} characters, at most ${maxValueLength} are allowed`,
    };
  }
  switch (type) {
    case 'INT':
      return parseInteger(text);
    case 'FLOAT':
    case 'DOUBLE':
      return parseNumber(type, text);
    case 'BOOLEAN':
      if (text === 'true' || text === 'false') return { ok: true, value: text === 'true' };
      return { ok: false, code: 'NotABoolean', reason: 'it must be "true" or "false"' };
    case 'BYTES':
      if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
        return { ok: true, value: text };
      return { ok: false, code: 'NotBase64', reason: 'it must be base64 text' };
    case 'STRING':
    case 'STREAM':
      return { ok: true, value: text };
  }
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function parseNumber(type: 'FLOAT' | 'DOUBLE', text: string): ParsedValue {
  if (!decimal.test(text)) return { ok: false, code: 'NotANumber', reason: 'it must be a number, such as "21.5"' };
  const value = Number(text);
  const largest = type === 'FLOAT' ? 3.4028234663852886e38 : Number.MAX_VALUE;
  if (Math.abs(value) > largest) return { ok: false, code: 'OutOfRange', reason: `it does not fit a ${type}` };
  return { ok: true, value };
}

function parseInteger(text: string): ParsedValue {
  const whole = 'it must be a whole number, such as "65"';
  if (!decimal.test(text)) return { ok: false, code: 'NotANumber', reason: whole };
  const value = Number(text);
  if (!Number.isInteger(value)) return { ok: false, code: 'NotAnInteger', reason: whole };
  if (!Number.isSafeInteger(value)) return { ok: false, code: 'OutOfRange', reason: 'it needs more than 53 bits' };
  return { ok: true, value };
}

/**
 * A value as text: the one form in which it stands in objects, on the link and on the bus. Shortest text that reads back to
 * the same value; a FLOAT has single precision, so 65.1 is "65.1" although a register gave 65.0999984741211.
 */
export function formatValue(type: PropertyType, value: Value): string {
  if (typeof value !== 'number') return String(value);
  if (Object.is(value, -0)) return '0';
  if (type !== 'FLOAT' || !Number.isFinite(value)) return String(value);
  const single = Math.fround(value);
  for (let digits = 6; digits <= 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === single) return String(text);
  }
  return String(value);
}
