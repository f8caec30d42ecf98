import { type FieldError, transient } from '@selvedge/base/errors';
import type { Connection } from './database.ts';

export interface GroupCommitOptions {
  readonly connection: Connection;
  /** Runs `work` when the present turn of the event loop is over. Default `setImmediate`. */
  readonly defer?: (work: () => void) => void;
  /** Writes that share one commit at most; then it does not wait for the turn to end. Default 64. */
  readonly maxWrites?: number;
  /** The writes since the last call are on disk. */
  readonly onCommit: () => void;
  /** The writes since the last call are undone. */
  readonly onRollback: () => void;
}

interface Batch {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: FieldError) => void;
  writes: number;
}

/**
 * One transaction for all writes of a turn. A commit waits for the disk, most of what a small write costs, and a hundred
 * writes that come at once need not wait a hundred times. Who answers for a write waits for {@link settled} first.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #options: GroupCommitOptions;
  readonly #defer: (work: () => void) => void;
  readonly #savepoint: (write: () => void) => void;
  #batch: Batch | undefined;
  /** Of the batch that failed in this turn: whoever wrote in it may not have asked yet. */
  #failure: { readonly error: FieldError } | undefined;

  constructor(options: GroupCommitOptions) {
    this.#connection = options.connection;
    this.#options = options;
    this.#defer = options.defer ?? setImmediate;
    // Inside the open transaction this is a savepoint: a write that fails half-way takes nothing else with it.
    this.#savepoint = options.connection.transaction((write: () => void) => write());
  }

  /**
   * Does `write` in the transaction of this turn. When it throws, it alone is undone.
   * @throws what `write` throws; transient `StoreFailed` in a turn that already lost its writes
   */
  run(write: () => void): void {
    if (this.#failure) throw this.#failure.error;
    const batch = this.#batch ?? this.#begin();
    try {
      this.#savepoint(write);
    } catch (error) {
      // SQLite ends the whole transaction by itself when the disk is full or broken.
      if (!this.#connection.inTransaction) this.#fail(error);
      throw error;
    }
    batch.writes += 1;
  }

  /** Call after {@link run}, when what goes with the write in memory is done as well. */
  bound(): void {
    if (this.#batch !== undefined && this.#batch.writes >= (this.#options.maxWrites ?? 64)) this.flush();
  }

  /**
   * Resolves when all that was written in this turn is on disk, at once when it is.
   * @throws transient `StoreFailed` when it could not be brought there; then none of it happened
   */
  async settled(): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    await this.#batch?.done;
  }

  /** Brings to disk what waits for it. */
  flush(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    try {
      this.#connection.exec('COMMIT');
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#batch = undefined;
    this.#options.onCommit();
    batch.resolve();
  }

  #begin(): Batch {
    this.#connection.exec('BEGIN IMMEDIATE');
    let resolve: Batch['resolve'] = () => {};
    let reject: Batch['reject'] = () => {};
    const done = new Promise<void>((whenDone, whenFailed) => {
      resolve = whenDone;
      reject = whenFailed;
    });
    // Whoever wrote learns of a failure from `settled`; there may be nobody, as for what the server writes by itself.
    done.catch(() => {});
    const batch: Batch = { done, resolve, reject, writes: 0 };
    this.#batch = batch;
    this.#defer(() => {
      if (this.#batch === batch) this.flush();
    });
    return batch;
  }

  #fail(cause: unknown): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
    this.#options.onRollback();
    const error = transient('StoreFailed', 'Cannot store: the database refused; see whether the disk is full', cause);
    this.#failure = { error };
    this.#defer(() => {
      this.#failure = undefined;
    });
    batch?.reject(error);
  }
}
