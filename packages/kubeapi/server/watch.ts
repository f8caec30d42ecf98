import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import type { Random } from '@selvedge/base/random';
import type { JsonObject } from '../json.ts';
import { forbiddenField } from '../objects/causes.ts';
import type { Objects } from '../objects/objects.ts';
import type { Selector } from '../objects/selectors.ts';
import { apiVersionOf } from '../resources/resource.ts';
import type { Change, ChangeType } from '../store/store.ts';
import { tableOf } from '../table/table.ts';
import { integer, parseRevision, partial, selectorOf, servedText, tableOptions } from './read.ts';
import { warningHeaders } from './reply.ts';
import { type ApiRequest, flag, requestedForm } from './request.ts';
import { expired, invalidOption, StatusError } from './status.ts';

export interface WatchOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Watches open at the same time. */
  readonly maxWatches: number;
  /** Bytes that may wait for a client that reads too slowly; beyond that it is cut off and starts anew. */
  readonly maxBacklog: number;
}

const bookmarkInterval = seconds(60);

/** All open watches. Each gets its events in the turn in which they were written; nothing is polled. */
export class Watches {
  readonly #objects: Objects;
  readonly #options: WatchOptions;
  readonly #open = new Set<Watch>();

  constructor(objects: Objects, options: WatchOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  /**
   * Answers a watch request on `response`, which stays open until the time asked for is over.
   * @throws StatusError before anything was sent
   */
  open(request: ApiRequest, response: ServerResponse): void {
    if (this.#open.size >= this.#options.maxWatches) {
      throw new StatusError(
        429,
        'TooManyRequests',
        `too many watches: ${this.#options.maxWatches} are open already; close some`,
        { retryAfterSeconds: 5 },
      );
    }
    const watch = new Watch(request, response, this.#objects, this.#options);
    this.#open.add(watch);
    response.on('close', () => this.#open.delete(watch));
    watch.start();
  }

  closeAll(): void {
    for (const watch of this.#open) watch.close();
  }
}

class Watch {
  readonly #request: ApiRequest;
  readonly #response: ServerResponse;
  readonly #objects: Objects;
  readonly #options: WatchOptions;
  readonly #selector: Selector;
  readonly #from: number;
  readonly #initial: boolean;
  readonly #bookmarks: boolean;
  readonly #form: string;
  readonly #lifetime: number;
  #sentColumns = false;
  #timers: Timer[] = [];
  #unsubscribe: () => void = () => {};

  constructor(request: ApiRequest, response: ServerResponse, objects: Objects, options: WatchOptions) {
    const { query } = request;
    this.#request = request;
    this.#response = response;
    this.#objects = objects;
    this.#options = options;
    this.#selector = selectorOf(request);
    this.#bookmarks = flag(query, 'allowWatchBookmarks');
    this.#form = requestedForm(request.accept);
    const wanted = query.get('resourceVersion') ?? '';
    this.#from = parseRevision(wanted, '');
    this.#initial = initialEvents(query) ?? this.#from === 0;
    // The original closes a watch without a limit after 30 to 60 minutes, so that clients spread over servers.
    this.#lifetime = integer(query, 'timeoutSeconds') || 1800 + Math.floor(options.random() * 1800);
  }

  start(): void {
    const { clock } = this.#options;
    const { warnings } = this.#request;
    if (warnings.length > 0) this.#response.setHeader('warning', warningHeaders(warnings));
    this.#response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
    });
    this.#response.on('close', () => this.#release());
    this.#timers.push(clock.after('watch time-out', seconds(this.#lifetime), () => this.#end()));
    if (!this.#replay()) {
      this.close();
      return;
    }
    this.#response.flushHeaders();
    this.#unsubscribe = this.#objects.store.subscribe((change) => this.#consider(change));
    if (this.#bookmarks) this.#scheduleBookmark();
  }

  close(): void {
    this.#release();
    this.#response.end();
  }

  /** Sends what was there before the watch began. False when the client asked for a past that is gone. */
  #replay(): boolean {
    const { store } = this.#objects;
    // What is sent here is on disk, and what comes next is told by the subscription.
    store.flush();
    const { resource } = this.#request;
    const namespace = this.#request.namespace === '' ? undefined : this.#request.namespace;
    if (this.#initial) {
      for (const found of store.list(resource.storage, namespace)) {
        if (this.#matches(found.body)) this.#send('ADDED', found.body, found.revision);
      }
      if (this.#bookmarks && flag(this.#request.query, 'sendInitialEvents')) this.#bookmark(true);
      return true;
    }
    if (this.#from > store.revision) return true;
    if (this.#from < store.oldest) {
      const error = expired(`too old resource version: ${this.#from} (${store.oldest + 1})`);
      this.#write('ERROR', JSON.stringify(error.toStatus()));
      return false;
    }
    for (const change of store.changesAfter(this.#from, resource.storage, namespace)) this.#consider(change);
    return true;
  }

  #consider(change: Change): void {
    const { resource, namespace } = this.#request;
    if (change.resource !== resource.storage || change.revision <= this.#from) return;
    if (namespace !== '' && change.namespace !== namespace) return;
    if (this.#selector.everything) {
      this.#send(change.type, change.body, change.revision);
      return;
    }
    const now = change.type !== 'DELETED' && this.#matches(change.body);
    const before = change.previous !== null && this.#matches(change.previous);
    if (now) this.#send(before ? 'MODIFIED' : 'ADDED', change.body, change.revision);
    else if (before) {
      // For this watcher the object is gone; it is shown as the watcher knew it, at the revision at which it left.
      const last = change.type === 'DELETED' ? change.body : withRevision(change.previous ?? '', change.revision);
      this.#send('DELETED', last, change.revision);
    }
  }

  #matches(body: string): boolean {
    return this.#selector.everything || this.#selector.matches(this.#objects.parse({ body }, this.#request.resource));
  }

  #send(type: ChangeType, body: string, revision: number): void {
    const { resource } = this.#request;
    if (this.#form === '' || this.#form === 'yaml') {
      this.#write(type, servedText({ body, revision }, resource, this.#objects));
      return;
    }
    const object = this.#objects.parse({ body, revision }, resource);
    if (this.#form === 'Table') {
      const options = { ...tableOptions(this.#request, this.#objects), columns: !this.#sentColumns };
      const table = { ...tableOf([object], resource, options), metadata: { resourceVersion: String(revision) } };
      this.#sentColumns = true;
      this.#write(type, JSON.stringify(table));
    } else {
      this.#write(type, JSON.stringify(partial(object)));
    }
  }

  #bookmark(endOfInitial: boolean): void {
    const { resource } = this.#request;
    this.#objects.store.flush();
    const metadata: JsonObject = { resourceVersion: String(this.#objects.store.revision) };
    if (endOfInitial) metadata.annotations = { 'k8s.io/initial-events-end': 'true' };
    const object: JsonObject = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
    if (this.#form === 'Table') {
      const options = { ...tableOptions(this.#request, this.#objects), columns: false };
      this.#write('BOOKMARK', JSON.stringify(tableOf([object], resource, options)));
    } else if (this.#form !== '') this.#write('BOOKMARK', JSON.stringify(partial(object)));
    else this.#write('BOOKMARK', JSON.stringify(object));
  }

  #scheduleBookmark(): void {
    const timer = this.#options.clock.after('watch bookmark', bookmarkInterval, () => {
      this.#bookmark(false);
      this.#timers = this.#timers.filter((other) => other !== timer);
      this.#scheduleBookmark();
    });
    this.#timers.push(timer);
  }

  #end(): void {
    if (this.#bookmarks) this.#bookmark(false);
    this.close();
  }

  #write(type: string, object: string): void {
    if (this.#response.writableLength > this.#options.maxBacklog) {
      this.#release();
      this.#response.destroy();
      return;
    }
    this.#response.write(`{"type":"${type}","object":${object}}\n`);
  }

  #release(): void {
    this.#unsubscribe();
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}

/** Whether the client says itself that it wants the present state first. @throws StatusError 422 as the original */
function initialEvents(query: URLSearchParams): boolean | undefined {
  const match = query.get('resourceVersionMatch') ?? '';
  const option = (detail: string, field = 'resourceVersionMatch') =>
    invalidOption('ListOptions', forbiddenField(field, detail));
  if (!query.has('sendInitialEvents')) {
    if (match !== '') throw option('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    return undefined;
  }
  if (match !== 'NotOlderThan') throw option('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  return flag(query, 'sendInitialEvents');
}

function withRevision(body: string, revision: number): string {
  const object = JSON.parse(body) as JsonObject;
  return JSON.stringify({
    ...object,
    metadata: { ...(object.metadata as JsonObject), resourceVersion: String(revision) },
  });
}
