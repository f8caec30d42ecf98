import type { Clock } from '@selvedge/base/clock';
import type { JsonObject } from '../json.ts';
import { type Connection, openDatabase } from './database.ts';
import { GroupCommit } from './group-commit.ts';

/** Where an object lives. `resource` is `group/plural`; `namespace` is empty for what is not namespaced. */
export interface Key {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** An object as stored: JSON text without kind and apiVersion. */
export interface Stored extends Key {
  readonly revision: number;
  readonly body: string;
}

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One write. Each has a revision of its own, one above the write before it. */
export interface Change extends Stored {
  readonly type: ChangeType;
  readonly previous: string | null;
}

export interface StoreOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Events kept at most; older ones are compacted. Default 10,000. */
  readonly maxEvents?: number;
  /** Bytes of event bodies kept at most (previous bodies counted). Default 64 MiB. */
  readonly maxEventBytes?: number;
  /** How long an event is kept, in milliseconds, unless the count is reached first. Default 1 hour. */
  readonly maxEventAge?: number;
  /** How large the file may grow; writes beyond it fail. Default 2 GiB. */
  readonly maxBytes?: number;
  /** Runs `work` when the present turn of the event loop is over. Default `setImmediate`. */
  readonly defer?: (work: () => void) => void;
}

/**
 * The objects and the log of their changes. A write is seen by every later read at once; it is on disk, object, event and
 * revision together, and listeners have been told, when {@link settled} resolves. Whoever tells somebody else of what was
 * read or written waits for that. Revisions are contiguous and never go back, also over a restart, because the newest event
 * is never compacted.
 */
export class Store {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #limits: { events: number; bytes: number; age: number };
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #commits: GroupCommit;
  /** Written in this turn, not yet on disk. */
  #uncommitted: Change[] = [];
  readonly #undelivered: Change[] = [];
  #revision: number;
  #bytes: number;
  #writesSinceCompaction = 0;

  constructor(options: StoreOptions) {
    this.#connection = openDatabase(options.file, options.maxBytes ?? 2 * 1024 ** 3);
    this.#clock = options.clock;
    this.#limits = {
      events: options.maxEvents ?? 10_000,
      bytes: options.maxEventBytes ?? 64 * 1024 * 1024,
      age: options.maxEventAge ?? 3_600_000,
    };
    this.#statements = prepareStatements(this.#connection);
    const { newest, bytes } = this.#statements.extent.get() as { newest: number | null; bytes: number | null };
    this.#revision = newest ?? 0;
    this.#bytes = bytes ?? 0;
    this.#commits = new GroupCommit({
      connection: this.#connection,
      ...(options.defer === undefined ? {} : { defer: options.defer }),
      onCommit: () => this.#committed(),
      onRollback: () => this.#rolledBack(),
    });
  }

  /** The revision of the newest write, on disk or not; 0 when there never was one. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision from which changes can be replayed. */
  get oldest(): number {
    const { oldest } = this.#statements.oldest.get() as { oldest: number | null };
    return oldest === null ? 0 : oldest - 1;
  }

  get(key: Key): Stored | undefined {
    return this.#statements.get.get(key.resource, key.namespace, key.name) as Stored | undefined;
  }

  /** All objects of a resource ordered by namespace and name; of one namespace when it is given. */
  list(resource: string, namespace?: string): Stored[] {
    return (
      namespace === undefined
        ? this.#statements.list.all(resource)
        : this.#statements.listNamespace.all(resource, namespace)
    ) as Stored[];
  }

  /** The objects as they were after the write `revision`, rebuilt by undoing the later changes. The caller checks `oldest`. */
  listAt(revision: number, resource: string, namespace?: string): Stored[] {
    const objects = new Map<string, Stored>();
    const id = (key: Key) => `${key.namespace}/${key.name}`;
    for (const stored of this.list(resource, namespace)) objects.set(id(stored), stored);
    for (const change of this.changesAfter(revision, resource, namespace).reverse()) {
      if (change.previous === null) objects.delete(id(change));
      else objects.set(id(change), { ...change, body: change.previous });
    }
    return [...objects.values()].sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
  }

  /** How many objects there are of a resource. */
  count(resource: string): number {
    return (this.#statements.count.get(resource) as { count: number }).count;
  }

  /** Every change after `revision`, oldest first. The caller has compared `revision` with `oldest`. */
  changesAfter(revision: number, resource: string, namespace?: string): Change[] {
    return (
      namespace === undefined
        ? this.#statements.changes.all(resource, revision)
        : this.#statements.changesNamespace.all(resource, revision, namespace)
    ) as Change[];
  }

  /** Stores `object` as new or in place of the one there; fills in metadata.resourceVersion. */
  put(key: Key, object: JsonObject): Stored {
    const existing = this.get(key);
    return this.#write(existing ? 'MODIFIED' : 'ADDED', key, object, existing);
  }

  /** Removes the object. `object` is its last state: what watchers see in the DELETED event. */
  remove(key: Key, object: JsonObject): Stored {
    return this.#write('DELETED', key, object, this.get(key));
  }

  /**
   * Resolves when everything that was read or written so far is on disk, and listeners have been told.
   * @throws transient `StoreFailed` when it could not be stored: then nothing of this turn happened
   */
  settled(): Promise<void> {
    return this.#commits.settled();
  }

  /** Brings to disk at once what waits for the end of the turn. */
  flush(): void {
    this.#commits.flush();
  }

  /** Calls `listener` for every write that is on disk, in order. It must not throw. Gives back the way to stop it. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#commits.flush();
    this.#listeners.clear();
    this.#connection.close();
  }

  #write(type: ChangeType, key: Key, object: JsonObject, existing: Stored | undefined): Stored {
    const revision = this.#revision + 1;
    const metadata = object.metadata as JsonObject;
    metadata.resourceVersion = String(revision);
    const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
    const body = JSON.stringify(rest);
    const previous = existing?.body ?? null;
    const { resource, namespace, name } = key;
    const statements = this.#statements;
    this.#commits.run(() => {
      if (type === 'DELETED') statements.remove.run(resource, namespace, name);
      else statements.put.run(resource, namespace, name, String(metadata.uid ?? ''), revision, body);
      statements.log.run(revision, this.#clock.now(), type, resource, namespace, name, body, previous);
    });
    this.#revision = revision;
    const change: Change = { resource, namespace, name, revision, body, type, previous };
    this.#bytes += sizeOf(change);
    this.#uncommitted.push(change);
    this.#commits.bound();
    return change;
  }

  #rolledBack(): void {
    this.#revision -= this.#uncommitted.length;
    for (const change of this.#uncommitted) this.#bytes -= sizeOf(change);
    this.#uncommitted = [];
  }

  /** A listener may write, and flush: what comes of it is delivered after the change that it is looking at, so that order holds. */
  #committed(): void {
    const isDelivering = this.#undelivered.length > 0;
    this.#undelivered.push(...this.#uncommitted);
    this.#writesSinceCompaction += this.#uncommitted.length;
    this.#uncommitted = [];
    if (isDelivering) return;
    for (let next = this.#undelivered[0]; next !== undefined; next = this.#undelivered[0]) {
      for (const listener of this.#listeners) listener(next);
      this.#undelivered.shift();
    }
    this.#compactSometimes();
  }

  /** Deleting a hundred events at once costs hardly more than one, so the bounds may be passed by that much. */
  #compactSometimes(): void {
    if (this.#writesSinceCompaction < Math.min(100, this.#limits.events) && this.#bytes <= this.#limits.bytes) return;
    this.#writesSinceCompaction = 0;
    const statements = this.#statements;
    const byCount = this.#revision - this.#limits.events;
    const { revision: byAge } = statements.newestBefore.get(this.#clock.now() - this.#limits.age) as {
      revision: number | null;
    };
    let upTo = Math.max(byCount, byAge ?? 0);
    if (this.#bytes > this.#limits.bytes) upTo = Math.max(upTo, Math.floor((this.oldest + this.#revision) / 2));
    // The newest event stays whatever its age: it carries the revision over a restart.
    const removed = statements.compact.run(Math.min(upTo, this.#revision - 1)).changes;
    if (removed > 0) this.#bytes = (statements.extent.get() as { bytes: number | null }).bytes ?? 0;
  }
}

const sizeOf = (change: Change): number => change.body.length + (change.previous?.length ?? 0);

/** By UTF-16 units, as SQLite orders the ASCII names that Kubernetes allows. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function prepareStatements(connection: Connection) {
  const columns = 'resource, namespace, name, revision, body';
  return {
    get: connection.prepare(`SELECT ${columns} FROM objects WHERE resource = ? AND namespace = ? AND name = ?`),
    list: connection.prepare(`SELECT ${columns} FROM objects WHERE resource = ? ORDER BY namespace, name`),
    listNamespace: connection.prepare(
      `SELECT ${columns} FROM objects WHERE resource = ? AND namespace = ? ORDER BY name`,
    ),
    count: connection.prepare('SELECT count(*) AS count FROM objects WHERE resource = ?'),
    put: connection.prepare(
      `INSERT INTO objects (resource, namespace, name, uid, revision, body) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET uid = excluded.uid, revision = excluded.revision, body = excluded.body`,
    ),
    remove: connection.prepare('DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?'),
    log: connection.prepare(
      'INSERT INTO events (revision, at, type, resource, namespace, name, body, previous) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    changes: connection.prepare(
      `SELECT ${columns}, type, previous FROM events WHERE resource = ? AND revision > ? ORDER BY revision`,
    ),
    changesNamespace: connection.prepare(
      `SELECT ${columns}, type, previous FROM events WHERE resource = ? AND revision > ? AND namespace = ? ORDER BY revision`,
    ),
    oldest: connection.prepare('SELECT min(revision) AS oldest FROM events'),
    newestBefore: connection.prepare('SELECT max(revision) AS revision FROM events WHERE at < ?'),
    compact: connection.prepare('DELETE FROM events WHERE revision <= ?'),
    extent: connection.prepare(
      'SELECT max(revision) AS newest, sum(length(body) + coalesce(length(previous), 0)) AS bytes FROM events',
    ),
  };
}
