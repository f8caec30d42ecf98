import type { Clock } from '@selvedge/base/clock';
import { sleep } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { backoff } from '@selvedge/base/retry';
import type { ObjectMeta } from '@selvedge/contract/object-meta';
import type { KubeApi } from './api.ts';
import { hasReason, statusError } from './status-error.ts';
import { readWatch, type WatchEvent } from './watch-stream.ts';

export interface KubeObject {
  readonly metadata: ObjectMeta;
}

export interface InformerOptions<Item extends KubeObject> {
  readonly api: KubeApi;
  /** Collection over all namespaces: `/api/v1/nodes`. */
  readonly path: string;
  /** Only objects with these labels. */
  readonly labelSelector?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Called with what is there now (undefined: gone) and what was there before. Must not throw. */
  readonly onChange: (key: string, item: Item | undefined, before: Item | undefined) => void;
}

const pageSize = 500;
/** A watch that has been silent for so long is opened again: a dead path does not say that it is dead. */
const idleLimit = seconds(90);
/** A watch that held this long is resumed without waiting. */
const healthyWatch = seconds(5);

/** `namespace/name`, or `name` for objects without a namespace. */
export const objectKey = (meta: { readonly namespace?: string; readonly name: string }): string =>
  meta.namespace ? `${meta.namespace}/${meta.name}` : meta.name;

/**
 * A copy of all objects of one kind that follows the API server: list once, then watch from there; a watch that ends is
 * resumed, one that is too old is listed anew and the difference told, an unreachable server is tried again with back-off.
 * `metadata.managedFields` is dropped: nobody here reads it and it is half of an object's memory.
 */
export class Informer<Item extends KubeObject> {
  readonly #options: InformerOptions<Item>;
  readonly #items = new Map<string, Item>();
  readonly #abort = new AbortController();
  /** Where a watch goes on from; undefined when everything has to be listed first. */
  #version: string | undefined;
  #running: Promise<void> | undefined;

  constructor(options: InformerOptions<Item>) {
    this.#options = options;
  }

  get items(): ReadonlyMap<string, Item> {
    return this.#items;
  }

  get(key: string): Item | undefined {
    return this.#items.get(key);
  }

  /** Resolves when the first list is in; follows in the background until `stop`. @throws what the first list threw */
  async start(): Promise<void> {
    this.#version = await this.#list();
    this.#running = this.#follow();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopping'));
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { clock, random, log, path } = this.#options;
    const signal = this.#abort.signal;
    let waits = backoff({ first: millis(200), max: seconds(15), random });
    while (!signal.aborted) {
      try {
        this.#version ??= await this.#list();
        const opened = clock.monotonic();
        await this.#watch(this.#version);
        // A server that ends its watches at once must not be asked in a circle.
        if (clock.monotonic() - opened < healthyWatch) await sleep(clock, waits.next().value, signal);
        else waits = backoff({ first: millis(200), max: seconds(15), random });
      } catch (error) {
        if (signal.aborted) return;
        if (hasReason(error, 'Expired', 'Gone')) this.#version = undefined;
        const wait = waits.next().value;
        log.warn('watch interrupted', { path, error: describeError(error), retryInMs: wait });
        await sleep(clock, wait, signal).catch(() => undefined);
      }
    }
  }

  async #list(): Promise<string> {
    const { api, path, labelSelector } = this.#options;
    const seen = new Set<string>();
    let next = '';
    let version = '';
    do {
      const query = { limit: String(pageSize), ...(next ? { continue: next } : {}), ...selector(labelSelector) };
      const page = await api.request<{ items?: Item[]; metadata: { resourceVersion: string; continue?: string } }>({
        method: 'GET',
        path,
        query,
      });
      for (const item of page.items ?? []) {
        const key = objectKey(item.metadata);
        seen.add(key);
        if (this.#items.get(key)?.metadata.resourceVersion !== item.metadata.resourceVersion) this.#put(key, item);
      }
      version = page.metadata.resourceVersion;
      next = page.metadata.continue ?? '';
    } while (next !== '');
    for (const key of [...this.#items.keys()]) if (!seen.has(key)) this.#remove(key);
    return version;
  }

  /** Follows until the server ends the watch. */
  async #watch(from: string): Promise<void> {
    const { api, path, labelSelector, clock } = this.#options;
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    this.#abort.signal.addEventListener('abort', stop, { once: true });
    try {
      const query = {
        watch: 'true',
        resourceVersion: from,
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(240 + Math.floor(this.#options.random() * 120)),
        ...selector(labelSelector),
      };
      const stream = await api.stream({ method: 'GET', path, query }, attempt.signal);
      stream.socket?.setNoDelay(true);
      await readWatch({ stream, clock, idleLimit }, (event) => {
        this.#apply(event as WatchEvent<Item>);
      });
    } finally {
      this.#abort.signal.removeEventListener('abort', stop);
      attempt.abort();
    }
  }

  #apply(event: WatchEvent<Item>): void {
    if (event.type === 'ERROR') {
      const status = event.object as unknown as { code?: number };
      throw statusError(`watch ${this.#options.path}`, status.code ?? 500, JSON.stringify(event.object));
    }
    const key = objectKey(event.object.metadata);
    if (event.type === 'DELETED') this.#remove(key);
    else if (event.type !== 'BOOKMARK') this.#put(key, event.object);
    this.#version = event.object.metadata.resourceVersion ?? this.#version;
  }

  #put(key: string, item: Item): void {
    delete (item.metadata as { managedFields?: unknown }).managedFields;
    const before = this.#items.get(key);
    this.#items.set(key, item);
    this.#options.onChange(key, item, before);
  }

  #remove(key: string): void {
    const before = this.#items.get(key);
    if (this.#items.delete(key)) this.#options.onChange(key, undefined, before);
  }
}

const selector = (labelSelector: string | undefined): Record<string, string> =>
  labelSelector === undefined ? {} : { labelSelector };
