import { type Static, Type } from '@sinclair/typebox';
import { VisitorsSchema } from './device-model.ts';
import type { Condition, ObjectMeta } from './object-meta.ts';
import { writeOrigins, writePhases } from './outcome.ts';
import { qualities } from './quality.ts';
import { decoder, Enum, FreeObject, listMapBy } from './schema.ts';

export const deviceGroup = 'devices.kubeedge.io';
export const deviceVersion = 'v1beta1';
export const deviceApiVersion = `${deviceGroup}/${deviceVersion}`;

const StringMap = (description: string) => Type.Record(Type.String(), Type.String(), { description });
const Millis = (description: string) =>
  Type.Optional(Type.Integer({ description: `${description} Milliseconds.`, minimum: 0, format: 'int64' }));

export const DevicePropertySchema = Type.Object({
  name: Type.String({ description: 'A property of the model.', minLength: 1, maxLength: 128 }),
  desired: Type.Optional(
    Type.Object(
      {
        value: Type.String({ description: 'The value wanted, as text.' }),
        metadata: Type.Optional(StringMap('Free notes; a change of them asks for the value to be written again.')),
      },
      { description: 'What the property should be; the gateway writes it, reads it back, and tells in status.' },
    ),
  ),
  visitors: Type.Optional(VisitorsSchema),
  collectCycle: Millis('How often the property is read. Default 1000.'),
  reportCycle: Millis('How often at most a change goes to the cloud. Default: collectCycle.'),
  reportToCloud: Type.Optional(
    Type.Boolean({
      description: 'Whether the value goes to the cloud. Absent means true (in KubeEdge it means false).',
    }),
  ),
  enforce: Type.Optional(
    Type.Boolean({
      description: 'Write the desired value again when the device is found to have another. Default false.',
    }),
  ),
  deadband: Type.Optional(
    Type.String({ description: 'A numeric change smaller than this is not reported on its own. Default 0.' }),
  ),
  pushMethod: Type.Optional(FreeObject({ description: "KubeEdge's direct push targets; kept, not yet acted on." })),
});
export type DeviceProperty = Static<typeof DevicePropertySchema>;

export const DeviceSpecSchema = Type.Object({
  deviceModelRef: Type.Optional(
    Type.Object(
      { name: Type.Optional(Type.String({ description: 'Name of the DeviceModel.' })) },
      { description: 'The DeviceModel of this device, in the same namespace.' },
    ),
  ),
  nodeName: Type.Optional(Type.String({ description: 'The gateway that this device is connected to.' })),
  properties: Type.Optional(
    Type.Array(DevicePropertySchema, { description: 'The properties in use.', maxItems: 2048, ...listMapBy('name') }),
  ),
  protocol: Type.Optional(
    Type.Object(
      {
        protocolName: Type.Optional(Type.String({ description: 'Protocol of the mapper that serves this device.' })),
        configData: Type.Optional(
          FreeObject({ description: 'How to reach the device, in the words of that protocol.' }),
        ),
      },
      { description: 'How to reach the device.' },
    ),
  ),
  methods: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String({ description: 'Name of the method.' }),
        description: Type.Optional(Type.String({ description: 'What it does, for people.' })),
        propertyNames: Type.Optional(Type.Array(Type.String(), { description: 'Properties that the method writes.' })),
      }),
      { description: "KubeEdge's callable methods; kept, not yet acted on.", ...listMapBy('name') },
    ),
  ),
  stateReport: Type.Optional(
    Type.Object(
      {
        reportToCloud: Type.Optional(Type.Boolean({ description: 'Whether the state goes to the cloud.' })),
        reportCycle: Millis('How often the state is reported.'),
      },
      {
        description:
          "KubeEdge's periodic state report; state changes are reported at once, so it is kept, not acted on.",
      },
    ),
  ),
});
export type DeviceSpec = Static<typeof DeviceSpecSchema>;

const twinMetadata = Type.Optional(
  StringMap('`timestamp`: decimal milliseconds since 1970; `type`: type of the value.'),
);

export const TwinStatusSchema = Type.Object({
  propertyName: Type.String({ description: 'The property.' }),
  observedDesired: Type.Optional(
    Type.Object(
      { value: Type.String({ description: 'The value, as text.' }), metadata: twinMetadata },
      { description: 'The desired value that the gateway has seen.' },
    ),
  ),
  reported: Type.Optional(
    Type.Object(
      {
        value: Type.Optional(
          Type.String({ description: 'The value last read, as text; absent when it was never read.' }),
        ),
        metadata: twinMetadata,
        quality: Type.Optional(Enum(qualities, { description: 'How far the value can be trusted.' })),
        qualityReason: Type.Optional(Type.String({ description: 'Why the quality is not good.' })),
      },
      { description: 'What the device was found to have.' },
    ),
  ),
  lastWrite: Type.Optional(
    Type.Object(
      {
        uid: Type.String({ description: 'uid of the Device that asked.' }),
        generation: Type.Integer({
          description: 'Generation of the Device at which the value was asked for.',
          format: 'int64',
        }),
        value: Type.String({ description: 'The value written.' }),
        origin: Enum(writeOrigins, { description: 'spec, or local for a write made on the gateway itself.' }),
        phase: Enum(writePhases, { description: 'How far the write has come.' }),
        code: Type.Optional(Type.String({ description: 'Stable word for the reason.' })),
        reason: Type.Optional(Type.String({ description: 'Why, and what to do.' })),
        at: Type.String({ description: 'When the phase was reached, RFC 3339.', format: 'date-time' }),
        attempts: Type.Integer({ description: 'Tries on the wire.', format: 'int32' }),
        readBack: Type.Optional(Type.String({ description: 'The value found when it was read back.' })),
      },
      { description: 'What became of the last write.' },
    ),
  ),
});
export type TwinStatus = Static<typeof TwinStatusSchema>;

export const DeviceStatusSchema = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'The newest generation that the gateway has taken up.', format: 'int64' }),
  ),
  state: Type.Optional(Type.String({ description: 'online, offline or unknown.' })),
  lastOnlineTime: Type.Optional(Type.String({ description: 'When the device last answered, RFC 3339.' })),
  nodeName: Type.Optional(
    Type.String({ description: 'The gateway that holds the device now; differs from spec while it moves.' }),
  ),
  reportToCloud: Type.Optional(Type.Boolean({ description: "KubeEdge's older field; not used." })),
  reportCycle: Type.Optional(Type.Integer({ description: "KubeEdge's older field; not used.", format: 'int64' })),
  conditions: Type.Optional(
    Type.Array(
      Type.Object({
        type: Type.String({ description: 'Ready or Synced.' }),
        status: Enum(['True', 'False', 'Unknown'], { description: 'Whether it holds.' }),
        observedGeneration: Type.Optional(Type.Integer({ description: 'The generation judged.', format: 'int64' })),
        lastTransitionTime: Type.String({ description: 'When status last changed, RFC 3339.', format: 'date-time' }),
        reason: Type.String({ description: 'One word for why.' }),
        message: Type.String({ description: 'Why, for people.' }),
      }),
      { description: 'Ready: the device answers. Synced: every desired value is on the device.', ...listMapBy('type') },
    ),
  ),
  twins: Type.Optional(
    Type.Array(TwinStatusSchema, {
      description: 'Every property: wanted, found, written.',
      ...listMapBy('propertyName'),
    }),
  ),
});
export type DeviceStatus = Static<typeof DeviceStatusSchema>;

export interface Device {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec: DeviceSpec;
  readonly status?: DeviceStatus;
}

/** Checks a Device from outside (the status is ours to write and not looked at). @throws configError `Malformed` */
export const decodeDevice = decoder(
  'Device',
  Type.Object({ metadata: Type.Object({ name: Type.String() }), spec: DeviceSpecSchema }),
) as (input: unknown) => Device;

export const findCondition = (device: Device, type: string): Condition | undefined =>
  device.status?.conditions?.find((condition) => condition.type === type) as Condition | undefined;
