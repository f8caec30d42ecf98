import { type Device, deviceGroup, deviceVersion } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';

/** One thing that is wrong, with its place in the manifest. */
export interface Problem {
  readonly field: string;
  readonly value: unknown;
  readonly reason: string;
  readonly origin: 'device' | 'model';
  readonly property?: string;
}

/** Who knows what is wrong; the device controller's judge fits. */
export interface Judge {
  device(
    model: DeviceModel | undefined,
    device: Device,
  ): { readonly problems: readonly Problem[]; readonly warnings: readonly string[] };
  model(model: DeviceModel): readonly Problem[];
  /** Devices that use a model now. */
  devicesOf(namespace: string, model: string): Iterable<Device>;
}

interface Cause {
  readonly field: string;
  readonly reason: string;
  readonly message: string;
}

interface Resource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** A write about to happen, as the embedded API server describes it. */
export interface Review {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly resource: Resource;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly object?: unknown;
  readonly oldObject?: unknown;
  get(resource: Resource, namespace: string | undefined, name: string): unknown;
}

export type Answer =
  | { readonly allowed: true; readonly warnings?: readonly string[] }
  | { readonly allowed: false; readonly message: string; readonly causes: readonly Cause[] };

const maxWarnings = 10;

/**
 * Refuses at `kubectl apply` what no schema can see: desired values against the DeviceModel, configData against the
 * protocol. A problem that was there before the write is only warned of, so that a model that changed never blocks an edit
 * of something else; a status is never judged. Pure but for `judge.devicesOf`.
 */
export function deviceAdmission(judge: Judge): (review: Review) => Answer {
  return (review) => {
    if (review.resource.group !== deviceGroup || review.subresource || review.operation === 'DELETE') {
      return { allowed: true };
    }
    if (review.resource.resource === 'devices') return admitDevice(judge, review);
    if (review.resource.resource === 'devicemodels') return admitModel(judge, review);
    return { allowed: true };
  };
}

function admitDevice(judge: Judge, review: Review): Answer {
  const device = review.object as Device;
  const name = device.spec?.deviceModelRef?.name ?? '';
  const resource = { group: deviceGroup, version: deviceVersion, resource: 'devicemodels' };
  const model = name === '' ? undefined : (review.get(resource, review.namespace, name) as DeviceModel | undefined);
  const judged = judge.device(model, withSpec(device));
  const earlier = review.oldObject ? judge.device(model, withSpec(review.oldObject as Device)).problems : [];
  const isOld = (problem: Problem) => earlier.some((other) => sameProblem(other, problem));
  const refused = judged.problems.filter((problem) => problem.origin === 'device' && !isOld(problem));
  if (refused.length > 0) return refusal(refused);
  const warnings = [
    ...judged.warnings,
    ...judged.problems.map((problem) => `${problem.field}: ${problem.reason}`),
    ...(model === undefined ? [waiting(name)] : []),
    ...(device.spec?.nodeName ? [] : ['Device waits until spec.nodeName names its gateway']),
  ];
  return { allowed: true, warnings: warnings.slice(0, maxWarnings) };
}

function admitModel(judge: Judge, review: Review): Answer {
  const model = withModelSpec(review.object as DeviceModel);
  const earlier = review.oldObject ? judge.model(withModelSpec(review.oldObject as DeviceModel)) : [];
  const problems = judge.model(model);
  const refused = problems.filter((problem) => !earlier.some((other) => sameProblem(other, problem)));
  if (refused.length > 0) return refusal(refused);
  const warnings = problems.map((problem) => `${problem.field}: ${problem.reason}`);
  if (review.operation === 'UPDATE') {
    for (const device of judge.devicesOf(review.namespace ?? 'default', review.name)) {
      const first = judge.device(model, device).problems[0];
      if (first)
        warnings.push(`Device "${device.metadata.name}" does not fit this model: ${first.field}: ${first.reason}`);
      if (warnings.length >= maxWarnings) break;
    }
  }
  return { allowed: true, warnings: warnings.slice(0, maxWarnings) };
}

const waiting = (model: string): string =>
  model === ''
    ? 'Device waits until spec.deviceModelRef.name names its DeviceModel'
    : `Device waits until DeviceModel "${model}" exists`;

/** Not by place: an entry put in front moves the ones behind it. */
const sameProblem = (a: Problem, b: Problem): boolean =>
  a.property === b.property && a.reason === b.reason && JSON.stringify(a.value) === JSON.stringify(b.value);

/** kubectl prints causes as `field: message`, each in the form of Kubernetes' own validation. */
function refusal(problems: readonly Problem[]): Answer {
  const causes = problems.map(({ field, value, reason }) =>
    value === undefined
      ? { field, reason: 'FieldValueRequired', message: `Required value: ${reason}` }
      : { field, reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${reason}` },
  );
  return { allowed: false, message: causes.map(({ field, message }) => `${field}: ${message}`).join(', '), causes };
}

/** A schema without `required: [spec]` lets an object without one through. */
const withSpec = (device: Device): Device => ({ ...device, spec: device.spec ?? {} });
const withModelSpec = (model: DeviceModel): DeviceModel => ({ ...model, spec: model.spec ?? {} });
