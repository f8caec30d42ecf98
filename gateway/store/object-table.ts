import type { Database } from './database.ts';

/** A DeviceModel or Device as the cloud sent it. */
export interface StoredObject {
  readonly kind: 'device' | 'devicemodel';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly content: unknown;
}

type Row = Omit<StoredObject, 'content'> & { readonly content: string };

/** The objects that the cloud has handed to this node, durable when a call returns. */
export class ObjectTable {
  readonly #put;
  readonly #remove;
  readonly #get;
  readonly #list;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.#put = database.prepare<[string, string, string, string, number, string]>(
      'INSERT OR REPLACE INTO objects (kind, namespace, name, uid, generation, content) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#remove = database.prepare<[string, string, string]>(
      'DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?',
    );
    this.#get = database.prepare<[string, string, string], Row>(
      'SELECT * FROM objects WHERE kind = ? AND namespace = ? AND name = ?',
    );
    this.#list = database.prepare<[], Row>('SELECT * FROM objects ORDER BY kind DESC, namespace, name');
  }

  /** What `work` writes is on disk, all of it, when the call returns. */
  together<Result>(work: () => Result): Result {
    return this.#database.transaction(work)();
  }

  put(object: StoredObject): void {
    const { kind, namespace, name, uid, generation } = object;
    this.#put.run(kind, namespace, name, uid, generation, JSON.stringify(object.content));
  }

  remove(kind: StoredObject['kind'], namespace: string, name: string): void {
    this.#remove.run(kind, namespace, name);
  }

  get(kind: StoredObject['kind'], namespace: string, name: string): StoredObject | undefined {
    const row = this.#get.get(kind, namespace, name);
    return row && { ...row, content: JSON.parse(row.content) as unknown };
  }

  /** All of them, models before devices. */
  list(): StoredObject[] {
    return this.#list.all().map((row) => ({ ...row, content: JSON.parse(row.content) as unknown }));
  }
}
