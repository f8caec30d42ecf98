import { type Static, Type } from '@sinclair/typebox';
import { readyReasons } from './conditions.ts';
import { WriteOutcomeSchema, writeOrigins } from './outcome.ts';
import { qualities } from './quality.ts';
import { RevisionSchema } from './revision.ts';
import { decoder, Enum } from './schema.ts';

/**
 * The gateway's local HTTP API, JSON over a unix socket (mode 0600), for the CLI on the same box:
 *
 *   GET /v1/status                                           GatewayStatus
 *   GET /v1/devices                                          { items: LocalDevice[] }
 *   GET /v1/devices/{namespace}/{name}                       LocalDevice; 404
 *   PUT /v1/devices/{namespace}/{name}/properties/{property} { value } -> LocalDevice; 404; 422 with the judge's reason
 *   GET /v1/watch                                            one LocalDevice per line (NDJSON): all there are, then each change
 *
 * An error is `{ code, message }` with a fitting HTTP status.
 */
export const gatewayApi = {
  status: '/v1/status',
  devices: '/v1/devices',
  watch: '/v1/watch',
  device: (namespace: string, name: string) => `/v1/devices/${namespace}/${name}`,
  property: (namespace: string, name: string, property: string) =>
    `/v1/devices/${namespace}/${name}/properties/${encodeURIComponent(property)}`,
} as const;

export const LocalDeviceSchema = Type.Object({
  namespace: Type.String(),
  name: Type.String(),
  uid: Type.String(),
  generation: Type.Integer(),
  protocol: Type.String(),
  state: Enum(['online', 'offline', 'unknown']),
  health: Type.Object({ reason: Enum(readyReasons), message: Type.String(), since: Type.Number() }),
  properties: Type.Array(
    Type.Object({
      name: Type.String(),
      unit: Type.Optional(Type.String()),
      desired: Type.Optional(
        Type.Object({ value: Type.String(), revision: RevisionSchema, origin: Enum(writeOrigins) }),
      ),
      reported: Type.Optional(
        Type.Object({
          value: Type.Optional(Type.String()),
          at: Type.Number(),
          quality: Enum(qualities),
          qualityReason: Type.Optional(Type.String()),
        }),
      ),
      lastWrite: Type.Optional(WriteOutcomeSchema),
    }),
  ),
});
export type LocalDevice = Static<typeof LocalDeviceSchema>;
/** @throws configError `Malformed` */
export const decodeLocalDevice = decoder('device from the gateway', LocalDeviceSchema);

/** Words for `cloud.code` that say: the cloud will never take this gateway as it asks now, a person must change something. */
export const joinRefusals: readonly string[] = [
  'WrongCa',
  'CloudChanged',
  'TokenRefused',
  'EnrolmentRefused',
  'InvalidToken',
  'NoToken',
];

/** Kubernetes' words for the state of something supervised. */
export const processStates = ['Waiting', 'Running', 'CrashLoopBackOff', 'Terminated'] as const;

export const GatewayStatusSchema = Type.Object({
  node: Type.String(),
  version: Type.String(),
  pid: Type.Integer(),
  /** ms since the epoch */
  startedAt: Type.Number(),
  cloud: Type.Object({
    address: Type.String(),
    connected: Type.Boolean(),
    /** ms since the epoch, when `connected` last changed */
    since: Type.Number(),
    /** Why not, when not. */
    reason: Type.Optional(Type.String()),
    /** Stable word for the reason, when there is one. */
    code: Type.Optional(Type.String()),
  }),
  bus: Type.Object({ address: Type.String(), connected: Type.Boolean(), reason: Type.Optional(Type.String()) }),
  devices: Type.Object({ total: Type.Integer(), ready: Type.Integer() }),
  /** Reports that the cloud has not confirmed yet. */
  unsentReports: Type.Integer(),
  mappers: Type.Array(
    Type.Object({
      id: Type.String(),
      protocol: Type.String(),
      state: Enum(processStates),
      pid: Type.Optional(Type.Integer()),
      since: Type.Number(),
      restarts: Type.Integer(),
      reason: Type.Optional(Type.String()),
    }),
  ),
});
export type GatewayStatus = Static<typeof GatewayStatusSchema>;
/** @throws configError `Malformed` */
export const decodeGatewayStatus = decoder('gateway status', GatewayStatusSchema);

/** Body of the PUT. */
export const WriteRequestSchema = Type.Object({ value: Type.String({ maxLength: 512 }) });
/** @throws configError `Malformed` */
export const decodeWriteRequest = decoder('write request', WriteRequestSchema);
