import type { Clock, Timer } from '@selvedge/base/clock';
import { type Duration, seconds } from '@selvedge/base/duration';
import type { Database } from './database.ts';

export interface TwinRow {
  readonly device: string;
  readonly state: unknown;
  /** What was last read, as of the last flush. */
  readonly live: unknown;
}

/**
 * Twins in two halves. The durable half (desired values, revisions, outcomes) is on disk when `save` returns. The live half
 * (values read from the device) is gathered and written every two seconds at most: flash wears.
 */
export class TwinTable {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #flushEvery: Duration;
  readonly #live = new Map<string, () => unknown>();
  readonly #save;
  readonly #saveLive;
  readonly #remove;
  readonly #removeLive;
  #timer: Timer | undefined;

  constructor(options: { database: Database; clock: Clock; flushEvery?: Duration }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#flushEvery = options.flushEvery ?? seconds(2);
    const prepare = (sql: string) => options.database.prepare<string[]>(sql);
    this.#save = prepare('INSERT OR REPLACE INTO twins (device, state) VALUES (?, ?)');
    this.#saveLive = prepare('INSERT OR REPLACE INTO live_twins (device, state) VALUES (?, ?)');
    this.#remove = prepare('DELETE FROM twins WHERE device = ?');
    this.#removeLive = prepare('DELETE FROM live_twins WHERE device = ?');
  }

  load(): TwinRow[] {
    const rows = this.#database
      .prepare<[], { device: string; state: string; live: string | null }>(
        'SELECT t.device, t.state, l.state AS live FROM twins t LEFT JOIN live_twins l ON l.device = t.device',
      )
      .all();
    return rows.map((row) => ({
      device: row.device,
      state: JSON.parse(row.state) as unknown,
      live: row.live === null ? undefined : (JSON.parse(row.live) as unknown),
    }));
  }

  /** All of them or none, in one transaction: a burst costs one wait for the disk. */
  save(states: ReadonlyMap<string, unknown>): void {
    this.#database.transaction(() => {
      for (const [device, state] of states) this.#save.run(device, JSON.stringify(state));
    })();
  }

  /** Asks for the live half of `device` to be written at the next flush, as it is then. */
  touch(device: string, live: () => unknown): void {
    this.#live.set(device, live);
    this.#timer ??= this.#clock.after('flush twins', this.#flushEvery, () => this.flush());
  }

  remove(device: string): void {
    this.#live.delete(device);
    this.#database.transaction(() => {
      this.#remove.run(device);
      this.#removeLive.run(device);
    })();
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#live.size === 0) return;
    const pending = [...this.#live];
    this.#live.clear();
    this.#database.transaction(() => {
      for (const [device, live] of pending) this.#saveLive.run(device, JSON.stringify(live()));
    })();
  }
}
