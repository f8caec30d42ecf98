import { checkDesired } from '@selvedge/contract/desired';
import type { Device, DeviceProperty } from '@selvedge/contract/device';
import { type DeviceModel, type ModelProperty, unknownProperty } from '@selvedge/contract/device-model';
import { isObjectName, isPropertyName, objectNameRule, propertyNameRule } from '@selvedge/contract/names';
import { normalise } from '@selvedge/contract/normalise';
import type { SettingsSchema } from '@selvedge/contract/protocol-schema';
import { resolve } from '@selvedge/contract/resolve';
import type { ProtocolSchemas } from './protocols.ts';

/** One thing that is wrong with a Device or DeviceModel. */
export interface Problem {
  /** Path within the object, as kubectl prints it: `spec.properties[1].desired.value`. */
  readonly field: string;
  /** What stands there; undefined when something is missing there. */
  readonly value: unknown;
  readonly reason: string;
  /** `desired`: a value that cannot be written. `config`: the device cannot be served as it is. */
  readonly concerns: 'desired' | 'config';
  /** Whose manifest has it. */
  readonly origin: 'device' | 'model';
  readonly property?: string;
}

export interface Judgement {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** resolve()'s verdict when the two cannot be joined at all. */
  readonly unresolved?: { readonly reason: 'NoModel' | 'InvalidConfig'; readonly message: string };
}

/**
 * Everything the cloud can say about a Device without asking its gateway: duplicate and unknown properties, desired values
 * against the model, configData against its protocol's schema. Pure; admission refuses by it and the conditions show it, so
 * the two cannot disagree.
 */
export function judgeDevice(model: DeviceModel | undefined, device: Device, protocols: ProtocolSchemas): Judgement {
  const resolution = resolve(model, device);
  const problems: Problem[] = [...nodeName(device), ...duplicates(device)];
  if (!model || !resolution.ok) {
    const unresolved = resolution.ok ? undefined : { reason: resolution.reason, message: resolution.message };
    return { problems, warnings: [], ...(unresolved ? { unresolved } : {}) };
  }
  const warnings = [...resolution.warnings];
  const schema = protocols.get(resolution.device.protocol);
  if (schema) {
    const own = device.spec.protocol?.configData ?? {};
    const judged = normalise(schema.config, resolution.device.config);
    for (const { key, reason } of judged.problems) {
      problems.push(configProblem({ key, reason, own, place: 'spec.protocol.configData' }));
    }
    warnings.push(...judged.warnings.map((warning) => `spec.protocol.configData: ${warning}`));
  }
  for (const [index, property] of (device.spec.properties ?? []).entries()) {
    const place = `spec.properties[${index}]`;
    problems.push(...propertyProblems(model, property, place));
    const modelProperty = model.spec.properties?.find((candidate) => candidate.name === property.name);
    if (schema && modelProperty) problems.push(...visitorProblems(schema.visitor, modelProperty, property, place));
  }
  return { problems, warnings };
}

/** What is wrong with a DeviceModel by itself: values that no Device could make right. Pure. */
export function judgeModel(model: DeviceModel, protocols: ProtocolSchemas): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [index, property] of (model.spec.properties ?? []).entries()) {
    const data = property.visitors?.configData;
    const schema = protocols.get((property.visitors?.protocolName ?? model.spec.protocol ?? '').toLowerCase());
    if (!schema || !data) continue;
    for (const { key, reason } of normalise(schema.visitor, data).problems) {
      // What is missing here may stand in the Device.
      if (!(key in data)) continue;
      const field = `spec.properties[${index}].visitors.configData.${key}`;
      problems.push({ field, value: data[key], reason, concerns: 'config', origin: 'model', property: property.name });
    }
  }
  return problems;
}

/** No gateway can have such a name, so none would ever take the device up. */
function nodeName({ spec }: Device): Problem[] {
  const value = spec.nodeName;
  if (!value || isObjectName(value)) return [];
  return [{ field: 'spec.nodeName', value, reason: objectNameRule, concerns: 'config', origin: 'device' }];
}

function duplicates(device: Device): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [index, { name }] of (device.spec.properties ?? []).entries()) {
    if (seen.has(name)) {
      const reason = `property "${name}" stands twice; keep one`;
      const field = `spec.properties[${index}].name`;
      problems.push({ field, value: name, reason, concerns: 'config', origin: 'device', property: name });
    }
    seen.add(name);
  }
  return problems;
}

function propertyProblems(model: DeviceModel, property: DeviceProperty, place: string): Problem[] {
  const { name } = property;
  const modelProperty = model.spec.properties?.find((candidate) => candidate.name === name);
  const about = { origin: 'device', property: name } as const;
  if (!isPropertyName(name) || !modelProperty) {
    const reason = isPropertyName(name) ? unknownProperty(model, name) : propertyNameRule;
    return [{ field: `${place}.name`, value: name, reason, concerns: 'config', ...about }];
  }
  const problems: Problem[] = [];
  if (property.desired) {
    const verdict = checkDesired(model.spec, name, property.desired.value);
    if (!verdict.ok) {
      const field = `${place}.desired.value`;
      problems.push({ field, value: property.desired.value, reason: verdict.reason, concerns: 'desired', ...about });
    }
  }
  if (!property.visitors?.configData && !modelProperty.visitors?.configData) {
    const reason = 'say where the value lies, here or in the DeviceModel';
    problems.push({ field: `${place}.visitors.configData`, value: undefined, reason, concerns: 'config', ...about });
  }
  return problems;
}

function visitorProblems(
  schema: SettingsSchema,
  model: ModelProperty,
  property: DeviceProperty,
  place: string,
): Problem[] {
  if (!property.visitors?.configData && !model.visitors?.configData) return [];
  const own = property.visitors?.configData ?? {};
  const judged = normalise(schema, { ...model.visitors?.configData, ...own });
  return judged.problems.map(({ key, reason }) => ({
    ...configProblem({ key, reason, own, place: `${place}.visitors.configData` }),
    // The model carries what the device does not override; what neither has is asked of the device.
    ...(key in (model.visitors?.configData ?? {}) && !(key in own) ? { origin: 'model' as const } : {}),
    property: property.name,
  }));
}

function configProblem(found: {
  key: string;
  reason: string;
  own: Readonly<Record<string, unknown>>;
  place: string;
}): Problem {
  const { key, reason, own, place } = found;
  return { field: `${place}.${key}`, value: own[key], reason, concerns: 'config', origin: 'device' };
}
