import { type Static, Type } from '@sinclair/typebox';
import { readyReasons } from './conditions.ts';
import { WriteOutcomeSchema, writeOrigins } from './outcome.ts';
import { RevisionSchema } from './revision.ts';
import { SampleSchema } from './sample.ts';
import { decoder, Enum, Instant } from './schema.ts';

/**
 * What the gateway tells a mapper as one JSON line on its standard input. The stream then stays open: its end tells the
 * mapper that its gateway is gone. Not the environment or argv, which other processes can read: it carries a password.
 */
export const MapperConfigSchema = Type.Object({
  /** Instance id, as in topics: `modbus`. */
  id: Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9][-a-z0-9@.]*$' }),
  /** `mqtt://127.0.0.1:1883` */
  broker: Type.String({ minLength: 1, maxLength: 1024 }),
  username: Type.String(),
  password: Type.String(),
  /** Private directory of this mapper, mode 0700: its lock, key material. */
  dataDir: Type.String({ minLength: 1 }),
  logLevel: Enum(['debug', 'info', 'warn', 'error']),
});
export type MapperConfig = Static<typeof MapperConfigSchema>;
/** @throws configError `Malformed` */
export const decodeMapperConfig = decoder('mapper configuration', MapperConfigSchema);

/** Presence of a mapper: retained, and its last will with state `offline`. */
export const MapperStateSchema = Type.Object({
  state: Enum(['online', 'offline']),
  protocol: Type.String(),
  pid: Type.Optional(Type.Integer()),
  /** ms since the epoch */
  since: Instant(),
});
export type MapperState = Static<typeof MapperStateSchema>;

/** All desired values of a device, retained, each with what became of its last write: no restart writes a verified one again. */
export const DesiredMessageSchema = Type.Object({
  uid: Type.String(),
  properties: Type.Record(
    Type.String(),
    Type.Object({
      value: Type.String(),
      revision: RevisionSchema,
      origin: Enum(writeOrigins),
      outcome: Type.Optional(WriteOutcomeSchema),
    }),
  ),
});
export type DesiredMessage = Static<typeof DesiredMessageSchema>;

/** What one poll of a device found. */
export const SamplesMessageSchema = Type.Object({
  uid: Type.String(),
  points: Type.Array(SampleSchema, { maxItems: 4096 }),
});
export type SamplesMessage = Static<typeof SamplesMessageSchema>;

/** One step of one write. */
export const OutcomeMessageSchema = Type.Object({
  uid: Type.String(),
  property: Type.String(),
  outcome: WriteOutcomeSchema,
});
export type OutcomeMessage = Static<typeof OutcomeMessageSchema>;

/** How the mapper is getting on with a device, retained; published on change. */
export const HealthMessageSchema = Type.Object({
  uid: Type.String(),
  /** Generation of the resolved device that this judges. */
  generation: Type.Integer(),
  reason: Enum(
    readyReasons.filter(
      (reason) => !['GatewayUnreachable', 'NoNode', 'Moving', 'NoMapper', 'MapperDown'].includes(reason),
    ),
  ),
  message: Type.String({ maxLength: 1024 }),
  /** ms since the epoch */
  since: Instant(),
});
export type HealthMessage = Static<typeof HealthMessageSchema>;
