import type { LocalDevice } from '@selvedge/contract/gateway-api';

/** One property in KubeEdge's MsgTwin form, as far as local applications see it. */
export interface HwTwin {
  readonly expected?: { readonly value: string };
  readonly actual?: { readonly value: string; readonly metadata: { readonly timestamp: number } };
  readonly optional: boolean;
  readonly metadata: { readonly type: string };
}

/** Header of every answer (KubeEdge, edge MQTT interface 5.3). */
export interface HwHeader {
  readonly event_id: string;
  readonly timestamp: number;
}

/** All properties of a device, as `twin/get/result` and a document carry them. Pure. */
export function twinsOf(device: LocalDevice): Record<string, HwTwin> {
  return Object.fromEntries(device.properties.map((property) => [property.name, twinOf(property)]));
}

function twinOf(property: LocalDevice['properties'][number]): HwTwin {
  const { desired, reported } = property;
  return {
    ...(desired ? { expected: { value: desired.value } } : {}),
    ...(reported?.value === undefined
      ? {}
      : { actual: { value: reported.value, metadata: { timestamp: reported.at } } }),
    optional: false,
    metadata: { type: 'string' },
  };
}

/** Payload of `twin/update/delta`, or undefined when everything is as it should be: what is expected and not there. */
export function deltaOf(header: HwHeader, device: LocalDevice): object | undefined {
  const delta: Record<string, string> = {};
  for (const { name, desired, reported } of device.properties) {
    if (desired && desired.value !== reported?.value) delta[name] = desired.value;
  }
  return Object.keys(delta).length === 0 ? undefined : { ...header, twin: twinsOf(device), delta };
}

/** Payload of `twin/update/document`: before and after of what changed, or undefined when nothing did. */
export function documentOf(header: HwHeader, after: LocalDevice, before: LocalDevice | undefined): object | undefined {
  const last = before ? twinsOf(before) : {};
  const twin: Record<string, { last: HwTwin | null; current: HwTwin }> = {};
  for (const [name, current] of Object.entries(twinsOf(after))) {
    const earlier = last[name] ?? null;
    if (JSON.stringify(earlier) !== JSON.stringify(current)) twin[name] = { last: earlier, current };
  }
  return Object.keys(twin).length === 0 ? undefined : { ...header, twin };
}
