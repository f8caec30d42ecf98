import { randomUUID } from 'node:crypto';
import type { LinkFrame } from './link-frame.ts';
import { buildResource, type LinkedKind } from './link-message.ts';
import type { Held, Membership, StateReport, TwinReport } from './link-report.ts';
import type { DeviceRef } from './names.ts';

/** What every frame gets from its sender: the time, and an id of its own. */
export interface FrameStamp {
  /** ms since the epoch */
  readonly now: number;
  /** Default: a new UUID v4. */
  readonly id?: string;
}

const header = (stamp: FrameStamp, more: Partial<LinkFrame['header']> = {}): LinkFrame['header'] => ({
  msg_id: stamp.id ?? randomUUID(),
  ...more,
  timestamp: stamp.now,
});

/** Handshake headers of the message channel (KubeEdge 3.1), and ours. Node hands header names over in lower case. */
export const handshake = {
  nodeHeader: 'node_id',
  projectHeader: 'project_id',
  useHeader: 'connectionuse',
  /** KubeEdge's default project. */
  project: 'e632aba927ea4ac2b575ec1603d56f10',
  /** Present on both ends of a link between two of ours: the version of what it may do beyond KubeEdge's. */
  selvedgeHeader: 'x-selvedge-link',
  selvedgeVersion: '1',
} as const;

/** KubeEdge's timings: a keepalive each 15 s, and a session is over after 30 s without one. */
export const keepaliveMs = 15_000;
export const keepaliveTimeoutMs = 30_000;

export const keepaliveFrame = (stamp: FrameStamp): LinkFrame => ({
  header: header(stamp),
  route: { source: 'websocket', group: 'resource', operation: 'keepalive', resource: 'node' },
  content: 'ping',
});

/** Acknowledges `frame`: the route is the acked one's, as EdgeCore does it. */
export const ackFrame = (stamp: FrameStamp, frame: LinkFrame): LinkFrame => ({
  header: header(stamp, { parent_msg_id: frame.header.msg_id }),
  route: { ...frame.route, operation: 'response' },
  content: 'OK',
});

/** Says that `frame` could not be taken; CloudHub logs it and sends the frame again later. */
export const errorFrame = (stamp: FrameStamp, frame: LinkFrame, text: string): LinkFrame => ({
  header: header(stamp, { parent_msg_id: frame.header.msg_id }),
  route: { ...frame.route, operation: 'error' },
  content: text,
});

/** Confirms a twin or state report, cloud to edge. */
export const confirmFrame = (stamp: FrameStamp, frame: LinkFrame): LinkFrame => ({
  header: header(stamp, { parent_msg_id: frame.header.msg_id }),
  route: {
    source: 'devicecontroller',
    group: 'twin',
    operation: 'response',
    resource: buildResource({ type: 'twinConfirmation' }),
  },
  content: 'OK',
});

/** An answer to a query or write of the edge; `content` is an object or `{ Object, Err }`. */
export const answerFrame = (stamp: FrameStamp, frame: LinkFrame, content: unknown): LinkFrame => ({
  header: header(stamp, { parent_msg_id: frame.header.msg_id }),
  route: { source: 'edgecontroller', group: 'resource', operation: 'response', resource: frame.route.resource ?? '' },
  content,
});

/** A Device or DeviceModel, cloud to edge. */
export const deviceObjectFrame = (
  stamp: FrameStamp,
  operation: 'insert' | 'update' | 'delete',
  kind: 'device' | 'devicemodel',
  object: { metadata: { namespace?: string; name: string; resourceVersion?: string } },
): LinkFrame => ({
  header: header(stamp, { resourceversion: object.metadata.resourceVersion ?? '0' }),
  route: {
    source: 'devicecontroller',
    group: 'resource',
    operation,
    resource: buildResource({
      type: 'object',
      kind,
      namespace: object.metadata.namespace ?? 'default',
      name: object.metadata.name,
    }),
  },
  content: object,
});

export const membershipFrame = (stamp: FrameStamp, content: Membership): LinkFrame => ({
  header: header(stamp),
  route: { source: 'devicecontroller', group: 'twin', operation: 'update', resource: 'membership' },
  content,
});

/** An object of the edge's own, edge to cloud: its node, its lease, a patch of them. */
export const edgeObjectFrame = (
  stamp: FrameStamp,
  operation: 'insert' | 'update' | 'patch' | 'query',
  target: { kind: LinkedKind; namespace: string | undefined; name: string },
  content: unknown,
): LinkFrame => ({
  header: header(stamp),
  route: { source: 'edged', group: 'meta', operation, resource: buildResource({ type: 'object', ...target }) },
  content,
});

export const twinReportFrame = (stamp: FrameStamp, device: DeviceRef, content: TwinReport): LinkFrame => ({
  header: header(stamp),
  route: {
    source: 'twin',
    group: 'resource',
    operation: 'update',
    resource: buildResource({ type: 'twinReport', device }),
  },
  content,
});

/** Content goes as JSON text, as KubeEdge has it. */
export const stateReportFrame = (stamp: FrameStamp, device: DeviceRef, content: StateReport): LinkFrame => ({
  header: header(stamp),
  route: {
    source: 'twin',
    group: 'resource',
    operation: 'update',
    resource: buildResource({ type: 'stateReport', device }),
  },
  content: JSON.stringify(content),
});

export const heldFrame = (stamp: FrameStamp, content: Held): LinkFrame => ({
  header: header(stamp),
  route: { source: 'twin', group: 'resource', operation: 'update', resource: buildResource({ type: 'held' }) },
  content,
});
