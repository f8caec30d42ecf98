import { type Static, Type } from '@sinclair/typebox';
import { decoder, Enum } from './schema.ts';

/**
 * One setting of a protocol's `configData`, as data: a subset of JSON Schema with three words of our own.
 * Each mapper publishes its settings so (crds/protocols/<protocol>.json); the cloud judges a Device by them without knowing
 * the mapper, and the mapper judges by the same, so both give the same text.
 */
export const SettingSchema = Type.Object({
  type: Enum(['string', 'integer', 'number', 'boolean']),
  description: Type.Optional(Type.String()),
  default: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  enum: Type.Optional(Type.Array(Type.String())),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
  maxLength: Type.Optional(Type.Integer()),
  /** `host`: an IP address or a host name. */
  format: Type.Optional(Enum(['host'])),
  /** Unit of the number: `ms`, `Bd`, ... */
  'x-unit': Type.Optional(Type.String()),
  /** Other names of this setting, compared without regard to case; the setting's own name counts in any case too. */
  'x-aliases': Type.Optional(Type.Array(Type.String())),
  /** Other words for an enum's words: `{ HoldingRegister: ['holding', 'HR'] }`. */
  'x-synonyms': Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
});
export type SettingSchema = Static<typeof SettingSchema>;

export const SettingsSchema = Type.Object({
  type: Type.Literal('object'),
  properties: Type.Record(Type.String(), SettingSchema),
  required: Type.Optional(Type.Array(Type.String())),
  /** At least one of these groups must be there in full: `[['ip'], ['serialPort']]`. */
  'x-required-one-of': Type.Optional(Type.Array(Type.Array(Type.String()))),
  /** Keys of KubeEdge's that are taken and mean nothing here; anything else unknown gets a warning. */
  'x-ignored': Type.Optional(Type.Array(Type.String())),
});
export type SettingsSchema = Static<typeof SettingsSchema>;

/** What `crds/protocols/<protocol>.json` holds. */
export const ProtocolSchemaSchema = Type.Object({
  protocol: Type.String({ minLength: 1, maxLength: 63 }),
  /** `spec.protocol.configData`: line and device settings together, as KubeEdge mixes them. */
  config: SettingsSchema,
  /** `visitors.configData`. */
  visitor: SettingsSchema,
});
export type ProtocolSchema = Static<typeof ProtocolSchemaSchema>;

/** @throws configError `Malformed` */
export const decodeProtocolSchema = decoder('protocol schema', ProtocolSchemaSchema);
