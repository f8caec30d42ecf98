import type { Clock } from '@selvedge/base/clock';
import { type Database, openDatabase } from './database.ts';
import { ObjectTable } from './object-table.ts';
import { TwinTable } from './twin-table.ts';

/** Owner of the gateway's state on disk. Other rooms get one table each, by an interface in their own words. */
export class Store {
  readonly objects: ObjectTable;
  readonly twins: TwinTable;
  readonly #database: Database;
  #closed = false;

  /** @throws as {@link openDatabase} */
  constructor(options: { path: string; clock: Clock }) {
    this.#database = openDatabase(options.path);
    this.objects = new ObjectTable(this.#database);
    this.twins = new TwinTable({ database: this.#database, clock: options.clock });
  }

  stop(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.twins.flush();
    this.#database.close();
  }
}
