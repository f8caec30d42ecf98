import { type Static, Type } from '@sinclair/typebox';
import { qualities } from './quality.ts';
import { RevisionSchema } from './revision.ts';
import { Enum, Instant } from './schema.ts';

/** What one poll found at one point. */
export const SampleSchema = Type.Object({
  property: Type.String({ minLength: 1, maxLength: 128 }),
  /** Text form (value.ts); absent when quality is bad and nothing was read. */
  value: Type.Optional(Type.String()),
  quality: Enum(qualities),
  /** Why quality is not good, for a person. */
  reason: Type.Optional(Type.String({ maxLength: 1024 })),
  /** The middle of the transaction, ms since the epoch. */
  at: Instant(),
  /** The newest revision of this point that the device had acknowledged when the transaction began. */
  acked: Type.Optional(RevisionSchema),
});
export type Sample = Static<typeof SampleSchema>;
