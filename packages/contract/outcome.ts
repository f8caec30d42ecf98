import { type Static, Type } from '@sinclair/typebox';
import { RevisionSchema } from './revision.ts';
import { Enum, Instant } from './schema.ts';

/**
 * How far a write has come.
 * - `Accepted`: judged and stored by the gateway. `Sent`: on its way to the device.
 * - `Acknowledged`: the device took it. `Verified`: read back and found there.
 * - `Rejected`: refused by a rule or by the device; trying again changes nothing. `Failed`: gave up after its retries.
 * - `Expired`: its time had passed. `Superseded`: a newer value took its place before it was sent.
 */
export const writePhases = [
  'Accepted',
  'Sent',
  'Acknowledged',
  'Verified',
  'Rejected',
  'Failed',
  'Expired',
  'Superseded',
] as const;
export type WritePhase = (typeof writePhases)[number];

/** Phases after which nothing more is done for that revision. `Failed` is not one: the device may come back. */
export const isFinal = (phase: WritePhase): boolean =>
  phase === 'Verified' || phase === 'Rejected' || phase === 'Expired' || phase === 'Superseded';

/** Who asked: the Device's spec, or somebody on the gateway itself. */
export const writeOrigins = ['spec', 'local'] as const;
export type WriteOrigin = (typeof writeOrigins)[number];

export const WriteOutcomeSchema = Type.Object({
  revision: RevisionSchema,
  value: Type.String(),
  origin: Enum(writeOrigins),
  phase: Enum(writePhases),
  /** Stable CamelCase word: `AboveMaximum`, `IllegalDataAddress`, `Timeout`, ... */
  code: Type.Optional(Type.String({ maxLength: 64 })),
  /** What a person can act on. */
  reason: Type.Optional(Type.String({ maxLength: 1024 })),
  /** When this phase was reached, ms since the epoch. */
  at: Instant(),
  /** Tries on the wire so far. */
  attempts: Type.Integer({ minimum: 0 }),
  /** The value found when it was read back, in the property's text form. Drift is measured against this. */
  readBack: Type.Optional(Type.String()),
});
export type WriteOutcome = Static<typeof WriteOutcomeSchema>;
