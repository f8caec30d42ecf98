import type { Clock } from '@selvedge/base/clock';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { answerFrame } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import type { LinkMessage } from '@selvedge/contract/link-message';

/** metav1.Status, as far as an edge reads it. */
export interface Refusal {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
}

/** Reads and writes of nodes and leases. */
export interface NodeStore {
  readNode(name: string): Promise<object>;
  createNode(node: object): Promise<object>;
  patchNodeStatus(name: string, patch: unknown): Promise<object>;
  readLease(name: string): Promise<object>;
  createLease(lease: object): Promise<object>;
  updateLease(name: string, lease: object): Promise<object>;
  /** The API server's own words behind an error of one of these. */
  refusal(error: unknown): Refusal | undefined;
}

export interface NodeFramesOptions {
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** A node has renewed its lease. */
  readonly onRenewed: (node: string) => void;
}

type ObjectMessage = Extract<LinkMessage, { type: 'object' }>;

/** Longest line of requests of one node; one that waits longer than this has lost patience anyway. */
const maxWaiting = 64;

/**
 * Answers what a node says about itself: its Node object, patches of its status, its lease (KubeEdge 3.11). Each answer is
 * `{ Object, Err }`, and a refusal carries the API server's Status, from which the edge makes its own error again. One request
 * of a node at a time, in order; a node speaks for itself alone.
 */
export class NodeFrames {
  readonly #options: NodeFramesOptions;
  readonly #lines = new Map<string, { length: number; last: Promise<void> }>();

  constructor(options: NodeFramesOptions) {
    this.#options = options;
  }

  message(link: { readonly node: string; send(frame: LinkFrame): void }, message: ObjectMessage): void {
    const line = this.#lines.get(link.node) ?? { length: 0, last: Promise.resolve() };
    if (line.length >= maxWaiting) {
      this.#options.log.warn('node frame dropped, too many are waiting', { node: link.node });
      return;
    }
    line.length++;
    this.#lines.set(link.node, line);
    line.last = line.last
      .then(async () => {
        const content = await this.#answer(link.node, message);
        link.send(answerFrame({ now: this.#options.clock.now() }, message.frame, content));
      })
      .finally(() => {
        line.length--;
        if (line.length === 0) this.#lines.delete(link.node);
      });
  }

  async #answer(node: string, message: ObjectMessage): Promise<unknown> {
    const { store, log } = this.#options;
    try {
      if (message.name !== node) throw new Error(`node "${node}" may not speak for "${message.name}"`);
      return { Object: await this.#perform(node, message), Err: null };
    } catch (error) {
      const refusal = store.refusal(error) ?? forbidden(describeError(error));
      log.debug('node frame refused', {
        node,
        kind: message.kind,
        operation: message.operation,
        error: describeError(error),
      });
      const echoed = message.operation === 'insert' ? message.content : null;
      return { Object: echoed, Err: { ErrStatus: { metadata: {}, status: 'Failure', ...refusal } } };
    }
  }

  async #perform(node: string, { kind, operation, content }: ObjectMessage): Promise<object> {
    const { store, onRenewed } = this.#options;
    switch (`${kind} ${operation}`) {
      case 'node insert':
        return await store.createNode(named(node, content));
      case 'node query':
        return await store.readNode(node);
      case 'nodepatch patch':
        return await store.patchNodeStatus(node, statusOnly(content));
      case 'lease query':
        return await store.readLease(node);
      case 'lease insert': {
        const lease = await store.createLease(named(node, content));
        onRenewed(node);
        return lease;
      }
      case 'lease update': {
        const lease = await store.updateLease(node, named(node, content));
        onRenewed(node);
        return lease;
      }
      default:
        throw new Error(`${operation} of ${kind} is not served by this cloud`);
    }
  }
}

/** The object under the node's own name, whatever stands in it; EdgeCore leaves kind and apiVersion out. */
function named(node: string, content: unknown): object {
  const object = isObject(content) ? content : {};
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const { managedFields: _, ...kept } = metadata;
  return { ...object, metadata: { ...kept, name: node } };
}

/** What a node may patch of itself: its status. */
function statusOnly(content: unknown): object {
  if (!isObject(content) || !isObject(content.status)) throw new Error('the patch has no status');
  return { status: content.status };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const forbidden = (message: string): Refusal => ({ message, reason: 'Forbidden', code: 403 });
