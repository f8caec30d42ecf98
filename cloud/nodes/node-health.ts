import type { Clock, Timer } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';

/** A Node as far as its health goes. */
export interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface NodeHealthStore {
  readLease(name: string): Promise<{ readonly spec?: { readonly renewTime?: string } }>;
  patchNodeStatus(name: string, patch: unknown): Promise<object>;
}

/** Kubernetes' node-monitor-grace-period; a node renews every 10 s. */
const graceMs = 40_000;
const checkEvery = seconds(5);

/**
 * Says `Ready=Unknown` of a gateway's Node when its lease has not been renewed for 40 s, as Kubernetes' own node controller
 * does; with the embedded API server there is no other. A node that comes back says so itself.
 */
export class NodeHealth {
  readonly #options: {
    nodes: () => Iterable<NodeObject>;
    store: NodeHealthStore;
    clock: Clock;
    log: Logger;
  };
  readonly #renewed = new Map<string, number>();
  readonly #startedAt: number;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: { nodes: () => Iterable<NodeObject>; store: NodeHealthStore; clock: Clock; log: Logger }) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after('node health', checkEvery, () => {
      void this.check().finally(() => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  renewed(node: string): void {
    this.#renewed.set(node, this.#options.clock.monotonic());
  }

  /** Looks at every node once. Never throws: what fails is tried again at the next look. */
  async check(): Promise<void> {
    const { nodes, clock, log } = this.#options;
    const names = new Set<string>();
    for (const node of nodes()) {
      const { name } = node.metadata;
      names.add(name);
      const silent = clock.monotonic() - (this.#renewed.get(name) ?? this.#startedAt);
      if (silent < graceMs || readyStatus(node) === 'Unknown') continue;
      try {
        await this.#checkLease(name);
      } catch (error) {
        log.warn('node health not checked', { node: name, error: describeError(error) });
      }
    }
    for (const name of this.#renewed.keys()) if (!names.has(name)) this.#renewed.delete(name);
  }

  /** The lease itself decides: another replica may have renewed it. */
  async #checkLease(name: string): Promise<void> {
    const { store, clock, log } = this.#options;
    const renewTime = await this.#renewTime(name);
    if (renewTime !== undefined && clock.now() - renewTime < graceMs) return;
    const now = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    const message = 'The gateway has not renewed its lease for 40 s';
    const condition = {
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message,
      lastTransitionTime: now,
    };
    await store.patchNodeStatus(name, { status: { conditions: [condition] } });
    log.warn('node is not ready', { node: name, reason: 'NodeStatusUnknown' });
  }

  async #renewTime(name: string): Promise<number | undefined> {
    try {
      const time = Date.parse((await this.#options.store.readLease(name)).spec?.renewTime ?? '');
      return Number.isNaN(time) ? undefined : time;
    } catch (error) {
      if ((error as { code?: string }).code === 'NotFound') return undefined;
      throw error;
    }
  }
}

const readyStatus = (node: NodeObject): string | undefined =>
  node.status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
