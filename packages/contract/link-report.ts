import { type Static, Type } from '@sinclair/typebox';
import { readyReasons } from './conditions.ts';
import { WriteOutcomeSchema } from './outcome.ts';
import { qualities } from './quality.ts';
import { decoder, Enum, Instant } from './schema.ts';

const Timestamp = Type.Object({ timestamp: Type.Optional(Instant()) });

/**
 * KubeEdge's MsgTwin. `actual.metadata.quality`, `actual.metadata.quality_reason` and `last_write` are ours: a KubeEdge cloud
 * ignores them, and without them a KubeEdge edge is understood.
 */
export const MsgTwinSchema = Type.Object({
  expected: Type.Optional(Type.Object({ value: Type.Optional(Type.String()), metadata: Type.Optional(Timestamp) })),
  actual: Type.Optional(
    Type.Object({
      value: Type.Optional(Type.String()),
      metadata: Type.Optional(
        Type.Object({
          timestamp: Type.Optional(Instant()),
          quality: Type.Optional(Enum(qualities)),
          quality_reason: Type.Optional(Type.String({ maxLength: 1024 })),
        }),
      ),
    }),
  ),
  optional: Type.Optional(Type.Boolean()),
  metadata: Type.Optional(Type.Object({ type: Type.Optional(Type.String()) })),
  last_write: Type.Optional(WriteOutcomeSchema),
});
export type MsgTwin = Static<typeof MsgTwinSchema>;

/** Content of `device/<ns>/<name>/twin/edge_updated`: what changed since the last confirmed report. */
export const TwinReportSchema = Type.Object({
  event_id: Type.Optional(Type.String()),
  timestamp: Instant(),
  twin: Type.Record(Type.String({ maxLength: 128 }), MsgTwinSchema),
  /** Ours: the object that this speaks of, so that a report about a deleted device never reaches its successor. */
  device_uid: Type.Optional(Type.String()),
  /** Ours: the newest generation of the Device that the gateway has taken up. */
  observed_generation: Type.Optional(Type.Integer()),
});
export type TwinReport = Static<typeof TwinReportSchema>;
/** @throws configError `Malformed` */
export const decodeTwinReport = decoder('twin report', TwinReportSchema);

/** Content of `device/<ns>/<name>/state/update`; KubeEdge sends it as JSON text. `health` and `device_uid` are ours. */
export const StateReportSchema = Type.Object({
  event_id: Type.Optional(Type.String()),
  timestamp: Instant(),
  device: Type.Object({
    name: Type.Optional(Type.String()),
    /** online, offline, ok, unknown, unhealthy */
    state: Type.String({ maxLength: 64 }),
    /** RFC 3339 */
    lastOnlineTime: Type.Optional(Type.String({ maxLength: 64 })),
  }),
  device_uid: Type.Optional(Type.String()),
  observed_generation: Type.Optional(Type.Integer()),
  health: Type.Optional(
    Type.Object({ reason: Enum(readyReasons), message: Type.String({ maxLength: 1024 }), since: Instant() }),
  ),
});
export type StateReport = Static<typeof StateReportSchema>;
/** @throws configError `Malformed` */
export const decodeStateReport = decoder('state report', StateReportSchema);

/** Content of `membership`, cloud to edge. */
export const MembershipSchema = Type.Object({
  event_id: Type.Optional(Type.String()),
  timestamp: Type.Optional(Instant()),
  added_devices: Type.Optional(
    Type.Union([Type.Null(), Type.Array(Type.Object({ id: Type.String(), name: Type.String() }))]),
  ),
  removed_devices: Type.Optional(
    Type.Union([Type.Null(), Type.Array(Type.Object({ id: Type.String(), name: Type.String() }))]),
  ),
});
export type Membership = Static<typeof MembershipSchema>;
/** @throws configError `Malformed` */
export const decodeMembership = decoder('membership', MembershipSchema);

/**
 * Content of `selvedge/held`, the first thing our gateway says to our cloud: which objects it holds, so that only the
 * difference travels, and a deletion that happened while the node was away is seen.
 */
export const HeldSchema = Type.Object({
  objects: Type.Array(
    Type.Object({
      kind: Enum(['device', 'devicemodel']),
      namespace: Type.String(),
      name: Type.String(),
      uid: Type.String(),
      generation: Type.Integer(),
    }),
    { maxItems: 100_000 },
  ),
});
export type Held = Static<typeof HeldSchema>;
/** @throws configError `Malformed` */
export const decodeHeld = decoder('list of held objects', HeldSchema);
