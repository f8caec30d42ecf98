import type { LinkFrame } from '@selvedge/contract/link-frame';

export interface ObjectRef {
  readonly kind: 'device' | 'devicemodel';
  readonly namespace: string;
  readonly name: string;
}

/** An object that a node is to hold. */
export interface LinkedObject extends ObjectRef {
  readonly uid: string;
  readonly generation: number;
  readonly content: { readonly metadata: { readonly name: string; readonly resourceVersion?: string } };
}

/** A connected node, as the device controller sees it: a set of objects that it is told to hold, and confirms. */
export interface NodeLink {
  readonly node: string;
  /** One of ours, not a KubeEdge edge. */
  readonly ours: boolean;
  /** Whether it is known what it holds. */
  readonly isReady: boolean;
  put(object: LinkedObject): void;
  delete(ref: ObjectRef): void;
  mayHold(ref: ObjectRef): boolean;
  acknowledged(ref: ObjectRef): { readonly uid: string; readonly generation: number } | undefined;
  held(kind: ObjectRef['kind']): ObjectRef[];
  send(frame: LinkFrame): void;
}

export interface Links {
  get(node: string): NodeLink | undefined;
  all(): Iterable<NodeLink>;
  /** When the node was last heard of, on the monotonic clock; undefined when not since this process started. */
  lastSeen(node: string): number | undefined;
}
