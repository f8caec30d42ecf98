import { configError } from '@selvedge/base/errors';
import type { LinkFrame } from './link-frame.ts';
import { contentObject } from './link-frame.ts';
import {
  decodeHeld,
  decodeMembership,
  decodeStateReport,
  decodeTwinReport,
  type Held,
  type Membership,
  type StateReport,
  type TwinReport,
} from './link-report.ts';
import { type DeviceRef, isNamespaceName, isObjectName } from './names.ts';

/** Kinds of objects that travel whole, by the word that stands in resource strings. */
export const linkedKinds = [
  'device',
  'devicemodel',
  'node',
  'nodepatch',
  'lease',
  'pod',
  'podpatch',
  'podstatus',
  'configmap',
  'secret',
  'rule',
  'ruleendpoint',
  'serviceaccountaccess',
  'event',
] as const;
export type LinkedKind = (typeof linkedKinds)[number];

/** The literal that stands for "no namespace" in a resource string. */
const clusterScope = 'null';

/** What a frame is about, from its resource string. `other` keeps a string that we do not know. */
export type LinkResource =
  | {
      readonly type: 'object';
      readonly kind: LinkedKind;
      readonly namespace: string | undefined;
      readonly name: string;
    }
  | { readonly type: 'keepalive' }
  | { readonly type: 'membership' }
  | { readonly type: 'membershipDetail' }
  | { readonly type: 'twinConfirmation' }
  | { readonly type: 'twinReport'; readonly device: DeviceRef }
  | { readonly type: 'stateReport'; readonly device: DeviceRef }
  | { readonly type: 'held' }
  | { readonly type: 'other'; readonly text: string };

/** The one parser of resource strings. Never throws: what is unknown or not well formed is `other`. */
export function parseResource(text: string): LinkResource {
  switch (text) {
    case 'node':
      return { type: 'keepalive' };
    case 'membership':
      return { type: 'membership' };
    case 'membership/detail':
      return { type: 'membershipDetail' };
    case 'twin':
      return { type: 'twinConfirmation' };
    case 'selvedge/held':
      return { type: 'held' };
  }
  const levels = text.split('/');
  const [first = '', second = '', third = '', fourth = '', fifth] = levels;
  if (levels.length === 5 && first === 'device' && isNamespaceName(second) && isObjectName(third)) {
    const device = { namespace: second, name: third };
    if (fourth === 'twin' && fifth === 'edge_updated') return { type: 'twinReport', device };
    if (fourth === 'state' && fifth === 'update') return { type: 'stateReport', device };
  }
  const kind = linkedKinds.find((candidate) => candidate === second);
  if (levels.length === 3 && kind && isObjectName(third) && (first === clusterScope || isNamespaceName(first))) {
    return { type: 'object', kind, namespace: first === clusterScope ? undefined : first, name: third };
  }
  return { type: 'other', text };
}

/** The one builder of resource strings. */
export function buildResource(resource: LinkResource): string {
  switch (resource.type) {
    case 'object':
      return `${resource.namespace ?? clusterScope}/${resource.kind}/${resource.name}`;
    case 'keepalive':
      return 'node';
    case 'membership':
      return 'membership';
    case 'membershipDetail':
      return 'membership/detail';
    case 'twinConfirmation':
      return 'twin';
    case 'twinReport':
      return `device/${resource.device.namespace}/${resource.device.name}/twin/edge_updated`;
    case 'stateReport':
      return `device/${resource.device.namespace}/${resource.device.name}/state/update`;
    case 'held':
      return 'selvedge/held';
    case 'other':
      return resource.text;
  }
}

/** A Go error as the cloud puts it into an answer. */
export interface LinkError {
  readonly ErrStatus: {
    readonly status?: string;
    readonly message?: string;
    readonly reason?: string;
    readonly code?: number;
  };
}

/** What a frame says, once its strings are understood. `frame` is the frame it came in, with every field it had. */
export type LinkMessage = { readonly frame: LinkFrame } & (
  | { readonly type: 'keepalive' }
  /** An acknowledgement, or the confirmation of a report: `parent` has arrived and is kept. */
  | { readonly type: 'ack'; readonly parent: string }
  /** An answer that carries something: an object, or `{ Object, Err }`. */
  | { readonly type: 'answer'; readonly parent: string; readonly resource: LinkResource; readonly content: unknown }
  | { readonly type: 'error'; readonly parent: string | undefined; readonly text: string }
  | {
      readonly type: 'object';
      readonly operation: 'insert' | 'update' | 'patch' | 'delete' | 'query';
      readonly kind: LinkedKind;
      readonly namespace: string | undefined;
      readonly name: string;
      readonly content: unknown;
    }
  | { readonly type: 'membership'; readonly content: Membership }
  | { readonly type: 'membershipQuery' }
  | { readonly type: 'twinReport'; readonly device: DeviceRef; readonly content: TwinReport }
  | { readonly type: 'stateReport'; readonly device: DeviceRef; readonly content: StateReport }
  | { readonly type: 'held'; readonly content: Held }
  | { readonly type: 'unknown'; readonly resource: string }
);

/** KubeEdge sends a text, or an object of Go's; a log line or a condition has no room for more. */
const maxErrorText = 1_024;

const errorText = (content: unknown): string =>
  (typeof content === 'string' ? content : JSON.stringify(content ?? null)).slice(0, maxErrorText);

const objectOperations = ['insert', 'update', 'patch', 'delete', 'query'] as const;

/**
 * The typed reading of a frame; beyond this function nobody looks at strings of the route.
 * @throws configError `Malformed` when the content is not of the shape its resource asks for
 */
export function readMessage(frame: LinkFrame): LinkMessage {
  const resource = parseResource(frame.route.resource ?? '');
  const operation = frame.route.operation ?? '';
  const parent = frame.header.parent_msg_id;
  if (operation === 'error') return { type: 'error', parent, text: errorText(frame.content), frame };
  if (operation === 'response') {
    if (parent === undefined) {
      throw configError('Malformed', `Cannot read link frame "${frame.header.msg_id}": a response needs parent_msg_id`);
    }
    const empty = frame.content === undefined || frame.content === null || frame.content === 'OK';
    return empty
      ? { type: 'ack', parent, frame }
      : { type: 'answer', parent, resource, content: contentObject(frame), frame };
  }
  switch (resource.type) {
    case 'keepalive':
      return { type: 'keepalive', frame };
    case 'membership':
      return { type: 'membership', content: decodeMembership(contentObject(frame)), frame };
    case 'membershipDetail':
      return { type: 'membershipQuery', frame };
    case 'twinReport':
      return { type: 'twinReport', device: resource.device, content: decodeTwinReport(contentObject(frame)), frame };
    case 'stateReport':
      return { type: 'stateReport', device: resource.device, content: decodeStateReport(contentObject(frame)), frame };
    case 'held':
      return { type: 'held', content: decodeHeld(contentObject(frame)), frame };
    case 'object': {
      const known = objectOperations.find((candidate) => candidate === operation);
      if (!known) return { type: 'unknown', resource: frame.route.resource ?? '', frame };
      const { kind, namespace, name } = resource;
      return { type: 'object', operation: known, kind, namespace, name, content: contentObject(frame), frame };
    }
    case 'twinConfirmation':
    case 'other':
      return { type: 'unknown', resource: frame.route.resource ?? '', frame };
  }
}
