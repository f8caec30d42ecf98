import { type Static, Type } from '@sinclair/typebox';
import type { Device, DeviceProperty } from './device.ts';
import { accessModes, type DeviceModel, type ModelProperty, unknownProperty } from './device-model.ts';
import { isPropertyName, propertyNameRule } from './names.ts';
import { decoder, Enum } from './schema.ts';
import { propertyTypes } from './value.ts';

const ConfigMap = Type.Record(Type.String(), Type.Unknown());

export const ResolvedPropertySchema = Type.Object({
  name: Type.String(),
  type: Enum(propertyTypes),
  accessMode: Enum(accessModes),
  minimum: Type.Optional(Type.String()),
  maximum: Type.Optional(Type.String()),
  unit: Type.Optional(Type.String()),
  /** The model's default visitor with the device's own keys over it. */
  visitor: ConfigMap,
  /** ms */
  collectCycle: Type.Integer({ minimum: 1 }),
  /** ms */
  reportCycle: Type.Integer({ minimum: 0 }),
  reportToCloud: Type.Boolean(),
  enforce: Type.Boolean(),
  deadband: Type.Number({ minimum: 0 }),
});
export type ResolvedProperty = Static<typeof ResolvedPropertySchema>;

/** A Device and its model made one: all that a mapper needs to serve it, but the desired values. */
export const ResolvedDeviceSchema = Type.Object({
  namespace: Type.String(),
  name: Type.String(),
  uid: Type.String(),
  generation: Type.Integer({ minimum: 0 }),
  /** Lower case. */
  protocol: Type.String(),
  /** The model's protocolConfigData with the device's own keys over it. */
  config: ConfigMap,
  /** ms since the epoch; of two devices that claim one line with different settings the older one wins. */
  createdAt: Type.Number(),
  properties: Type.Array(ResolvedPropertySchema),
});
export type ResolvedDevice = Static<typeof ResolvedDeviceSchema>;

/** @throws configError `Malformed` */
export const decodeResolvedDevice = decoder('resolved device', ResolvedDeviceSchema);

/** A desired value as the spec has it. */
export interface SpecDesired {
  readonly value: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export type Resolution =
  | {
      readonly ok: true;
      readonly device: ResolvedDevice;
      readonly desired: Readonly<Record<string, SpecDesired>>;
      /** What is wrong with single properties; those are left out, the others work. */
      readonly problems: readonly string[];
      /** What was accepted but looks like a mistake, or is kept and not acted on. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reason: 'NoModel' | 'InvalidConfig'; readonly message: string };

/** A cycle in ms when the manifest has none. */
export const defaultCollectCycle = 1_000;
/** No property is read more often than this, ms. */
export const minimumCollectCycle = 10;
/** A cycle above a day is most likely in nanoseconds, as KubeEdge up to 1.17 had them. */
const suspectCycle = 86_400_000;

/**
 * Joins a Device with its DeviceModel. Pure: called by the gateway to deliver and by the cloud to judge.
 * The model's defaults come first, the device's keys go over them one by one (KubeEdge 1.23).
 */
export function resolve(model: DeviceModel | undefined, device: Device): Resolution {
  const spec = device.spec;
  const modelName = spec.deviceModelRef?.name ?? '';
  if (!model) {
    const message =
      modelName === ''
        ? 'spec.deviceModelRef.name is missing; name the DeviceModel of this device'
        : `DeviceModel "${modelName}" does not exist in namespace "${device.metadata.namespace ?? 'default'}"; create it`;
    return { ok: false, reason: modelName === '' ? 'InvalidConfig' : 'NoModel', message };
  }
  const protocol = (spec.protocol?.protocolName ?? model.spec.protocol ?? '').toLowerCase();
  if (protocol === '') {
    return { ok: false, reason: 'InvalidConfig', message: 'spec.protocol.protocolName is missing; name the protocol' };
  }
  const problems: string[] = [];
  const warnings: string[] = unsupportedFields(device);
  const desired: Record<string, SpecDesired> = {};
  const properties: ResolvedProperty[] = [];
  const seen = new Set<string>();
  for (const property of spec.properties ?? []) {
    if (property.desired && isPropertyName(property.name) && !seen.has(property.name))
      desired[property.name] = property.desired;
    const problem = propertyProblem(property, model, seen);
    seen.add(property.name);
    if (problem !== undefined) problems.push(problem);
    else {
      const modelProperty = model.spec.properties?.find(
        (candidate) => candidate.name === property.name,
      ) as ModelProperty;
      properties.push(resolveProperty(modelProperty, property, warnings));
    }
  }
  return {
    ok: true,
    device: {
      namespace: device.metadata.namespace ?? 'default',
      name: device.metadata.name,
      uid: device.metadata.uid ?? '',
      generation: device.metadata.generation ?? 0,
      protocol,
      config: { ...model.spec.protocolConfigData, ...spec.protocol?.configData },
      createdAt: Date.parse(device.metadata.creationTimestamp ?? '') || 0,
      properties,
    },
    desired,
    problems,
    warnings,
  };
}

function propertyProblem(property: DeviceProperty, model: DeviceModel, seen: ReadonlySet<string>): string | undefined {
  const name = property.name;
  if (!isPropertyName(name)) return `property "${name}": ${propertyNameRule}; choose another`;
  if (seen.has(name)) return `property "${name}" stands twice; keep one`;
  const modelProperty = model.spec.properties?.find((candidate) => candidate.name === name);
  if (!modelProperty) return unknownProperty(model, name);
  if (!property.visitors?.configData && !modelProperty.visitors?.configData) {
    return `property "${name}" has no visitors.configData, in the device or in its model; say where the value lies`;
  }
  return undefined;
}

function resolveProperty(model: ModelProperty, property: DeviceProperty, warnings: string[]): ResolvedProperty {
  const collectCycle = cycle(property, 'collectCycle', defaultCollectCycle, warnings);
  const deadband = Number(property.deadband ?? 0);
  if (!Number.isFinite(deadband) || deadband < 0) {
    warnings.push(`property "${property.name}": deadband "${property.deadband}" is not a number from 0; taken as 0`);
  }
  return {
    name: property.name,
    type: model.type ?? 'STRING',
    accessMode: model.accessMode ?? 'ReadWrite',
    ...(model.minimum === undefined ? {} : { minimum: model.minimum }),
    ...(model.maximum === undefined ? {} : { maximum: model.maximum }),
    ...(model.unit === undefined ? {} : { unit: model.unit }),
    visitor: { ...model.visitors?.configData, ...property.visitors?.configData },
    collectCycle: Math.max(minimumCollectCycle, collectCycle),
    reportCycle: cycle(property, 'reportCycle', collectCycle, warnings),
    reportToCloud: property.reportToCloud ?? true,
    enforce: property.enforce ?? false,
    deadband: Number.isFinite(deadband) && deadband > 0 ? deadband : 0,
  };
}

function cycle(
  property: DeviceProperty,
  key: 'collectCycle' | 'reportCycle',
  otherwise: number,
  warnings: string[],
): number {
  const given = property[key];
  if (given === undefined || given === 0) return otherwise;
  if (given > suspectCycle) {
    const text = `${key} ${given} is more than a day; cycles are milliseconds, and KubeEdge before 1.18 had nanoseconds`;
    warnings.push(`property "${property.name}": ${text}`);
  }
  return given;
}

/** Fields that we keep and do not act on, each named once. */
function unsupportedFields(device: Device): string[] {
  const warnings: string[] = [];
  if (device.spec.methods?.length) warnings.push('spec.methods is kept but has no effect yet');
  if (device.spec.properties?.some((property) => property.pushMethod !== undefined)) {
    warnings.push('spec.properties[].pushMethod is kept but has no effect yet');
  }
  return warnings;
}
