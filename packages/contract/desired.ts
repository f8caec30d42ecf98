import { type AccessMode, propertyHint } from './device-model.ts';
import { type PropertyType, parseValue, type Value, type ValueProblem } from './value.ts';

/** What the judge needs of a model property; a DeviceModel's spec and a resolved Device both fit. */
export interface JudgedProperty {
  readonly name: string;
  readonly type?: PropertyType;
  readonly accessMode?: AccessMode;
  readonly minimum?: string;
  readonly maximum?: string;
  readonly unit?: string;
}

export interface JudgedModel {
  readonly properties?: readonly JudgedProperty[];
}

export type DesiredProblem =
  | ValueProblem
  | 'UnknownProperty'
  | 'ReadOnly'
  | 'AboveMaximum'
  | 'BelowMinimum'
  | 'NotWritable';

export type DesiredVerdict =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly code: DesiredProblem; readonly reason: string };

/**
 * The one judge of a desired value: type, access and range, against the model. Admission, the device controller and the
 * mapper all ask it, so the three cannot disagree. Pure; never throws; `reason` completes "Cannot write ...: ".
 */
export function checkDesired(model: JudgedModel, propertyName: string, text: string): DesiredVerdict {
  const property = model.properties?.find((candidate) => candidate.name === propertyName);
  if (!property) {
    const reason = `the model has no property "${propertyName}"; ${propertyHint(model.properties, propertyName)}`;
    return { ok: false, code: 'UnknownProperty', reason };
  }
  if (property.accessMode === 'ReadOnly') {
    return {
      ok: false,
      code: 'ReadOnly',
      reason: `property "${propertyName}" is ReadOnly in the model; remove its desired value`,
    };
  }
  const type = property.type ?? 'STRING';
  if (type === 'STREAM') {
    return {
      ok: false,
      code: 'NotWritable',
      reason: `property "${propertyName}" is a STREAM, which cannot be written`,
    };
  }
  const parsed = parseValue(type, text);
  if (!parsed.ok)
    return { ok: false, code: parsed.code, reason: `"${shorten(text)}" is not of type ${type}: ${parsed.reason}` };
  return typeof parsed.value === 'number' ? checkRange(property, text, parsed.value) : parsed;
}

function checkRange(property: JudgedProperty, text: string, value: number): DesiredVerdict {
  const unit = property.unit ? ` ${property.unit}` : '';
  const minimum = bound(property.minimum);
  const maximum = bound(property.maximum);
  if (maximum !== undefined && value > maximum) {
    const reason = `${text}${unit} is above maximum ${property.maximum}${unit}; change the desired value or the model`;
    return { ok: false, code: 'AboveMaximum', reason };
  }
  if (minimum !== undefined && value < minimum) {
    const reason = `${text}${unit} is below minimum ${property.minimum}${unit}; change the desired value or the model`;
    return { ok: false, code: 'BelowMinimum', reason };
  }
  return { ok: true, value };
}

/** A bound of the model; one that is no number does not bound (the model's own check says so, resolve.ts). */
function bound(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);
