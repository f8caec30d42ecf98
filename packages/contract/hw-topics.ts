import { type Static, Type } from '@sinclair/typebox';
import { type DeviceRef, isNamespaceName, isObjectName } from './names.ts';
import { decoder, Instant } from './schema.ts';

/**
 * KubeEdge's MQTT topics for local applications and mappers of older KubeEdge, exactly as its EventBus has them. Not retained,
 * QoS 0 here. `<device>` is `<namespace>/<name>`.
 */
export type HwRequest =
  | { readonly type: 'twinUpdate'; readonly device: DeviceRef }
  | { readonly type: 'twinGet'; readonly device: DeviceRef }
  | { readonly type: 'stateUpdate'; readonly device: DeviceRef }
  | { readonly type: 'membershipGet'; readonly node: string };

/** What the EventBus subscribes to. */
export const hwSubscriptions = [
  '$hw/events/device/+/+/twin/+',
  '$hw/events/device/+/+/state/update',
  '$hw/events/node/+/membership/get',
] as const;

/** What a topic asks for, or undefined when the gateway does not answer it. */
export function parseHwTopic(topic: string): HwRequest | undefined {
  const levels = topic.split('/');
  if (levels[0] !== '$hw' || levels[1] !== 'events') return undefined;
  const [, , group, first = '', second = '', third = '', fourth = ''] = levels;
  if (group === 'node' && levels.length === 6 && second === 'membership' && third === 'get') {
    return { type: 'membershipGet', node: first };
  }
  if (group !== 'device' || levels.length !== 7 || !isNamespaceName(first) || !isObjectName(second)) return undefined;
  const device = { namespace: first, name: second };
  if (third === 'twin' && fourth === 'update') return { type: 'twinUpdate', device };
  if (third === 'twin' && fourth === 'get') return { type: 'twinGet', device };
  if (third === 'state' && fourth === 'update') return { type: 'stateUpdate', device };
  return undefined;
}

/** The topics that the gateway publishes for a device or node. */
export const hwTopics = {
  twinUpdateResult: (device: DeviceRef) => `${deviceTopic(device)}/twin/update/result`,
  twinDelta: (device: DeviceRef) => `${deviceTopic(device)}/twin/update/delta`,
  twinDocument: (device: DeviceRef) => `${deviceTopic(device)}/twin/update/document`,
  twinGetResult: (device: DeviceRef) => `${deviceTopic(device)}/twin/get/result`,
  stateUpdateResult: (device: DeviceRef) => `${deviceTopic(device)}/state/update/result`,
  membershipUpdated: (node: string) => `$hw/events/node/${node}/membership/updated`,
  membershipGetResult: (node: string) => `$hw/events/node/${node}/membership/get/result`,
} as const;

const deviceTopic = (device: DeviceRef): string => `$hw/events/device/${device.namespace}/${device.name}`;

const TwinValue = Type.Object({
  value: Type.Optional(Type.String({ maxLength: 512 })),
  metadata: Type.Optional(Type.Object({ timestamp: Type.Optional(Instant()) })),
});

/** Payload of `twin/update`: `actual` reports, `expected` asks for a local write, `null` for a property is not supported. */
export const HwTwinUpdateSchema = Type.Object({
  event_id: Type.Optional(Type.String({ maxLength: 128 })),
  timestamp: Type.Optional(Instant()),
  twin: Type.Record(
    Type.String({ maxLength: 128 }),
    Type.Object({
      expected: Type.Optional(TwinValue),
      actual: Type.Optional(TwinValue),
      optional: Type.Optional(Type.Boolean()),
      metadata: Type.Optional(Type.Object({ type: Type.Optional(Type.String({ maxLength: 32 })) })),
    }),
  ),
});
export type HwTwinUpdate = Static<typeof HwTwinUpdateSchema>;
/** @throws configError `Malformed` */
export const decodeHwTwinUpdate = decoder('twin update', HwTwinUpdateSchema);

/** States that KubeEdge accepts, in any case. */
export const hwStates = ['online', 'offline', 'ok', 'unknown', 'unhealthy'] as const;
