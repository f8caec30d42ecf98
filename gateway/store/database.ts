import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { configError, describeError, type FieldError, transient } from '@selvedge/base/errors';
import { openSqlite, type SqliteDatabase } from '@selvedge/base/sqlite';

export type Database = SqliteDatabase;

/** One step forward each; the schema version is how many of them a file has seen. Never edit one that was released. */
const migrations: readonly string[] = [
  `CREATE TABLE objects (
     kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
     uid TEXT NOT NULL, generation INTEGER NOT NULL, content TEXT NOT NULL,
     PRIMARY KEY (kind, namespace, name)
   ) WITHOUT ROWID;
   CREATE TABLE twins (device TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE live_twins (device TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;`,
];

/** The schema version that this program writes. */
export const schemaVersion = migrations.length;

/**
 * Opens the gateway's one SQLite file, creating it and migrating it forward. Everything committed is on disk before the call
 * that commits returns (synchronous=FULL): what was acknowledged survives a power cut.
 *
 * The file belongs to this process alone while it is open, so two gateways cannot share one state; only its owner may read it,
 * and with it SQLite's files beside it, which take its mode.
 *
 * @throws configError `StoreTooNew` when a newer program wrote the file
 * @throws transient `StoreInUse` when another gateway has it open, `DiskFull`, `StoreUnusable` when it cannot be opened
 */
export function openDatabase(path: string): Database {
  let database: Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
    // One that an earlier version made was readable by all.
    chmodSync(path, 0o600);
    database = openSqlite(path, { timeout: 500 });
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    migrate(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw explain(error, path);
  }
}

function migrate(database: Database, path: string): void {
  const found = Number(database.pragma('user_version', { simple: true }));
  if (found > schemaVersion) {
    const hint = 'start the newer version, or choose another --dir';
    throw configError(
      'StoreTooNew',
      `Cannot open "${path}": it has schema version ${found}, this gateway knows up to ${schemaVersion}; ${hint}`,
    );
  }
  // Takes the exclusive lock even when there is nothing to migrate.
  database.exec('BEGIN EXCLUSIVE');
  for (const step of migrations.slice(found)) database.exec(step);
  database.pragma(`user_version = ${schemaVersion}`);
  database.exec('COMMIT');
}

/** What SQLite says when it cannot grow its files, and the system when it cannot make them. */
const diskFull: ReadonlySet<string> = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT']);

/** A write at or below `path` that failed for want of space, at any time; undefined for any other error. */
export function diskFullError(error: unknown, path: string): FieldError | undefined {
  if (!diskFull.has((error as { code?: string } | undefined)?.code ?? '')) return undefined;
  return transient('DiskFull', `Cannot write "${path}": the disk is full; free some space on it`, error);
}

function explain(error: unknown, path: string): unknown {
  const full = diskFullError(error, path);
  if (full) return full;
  const code = (error as { code?: string }).code ?? '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return transient('StoreInUse', `Cannot open "${path}": another gateway has it open; stop that one first`, error);
  }
  if (code.startsWith('SQLITE') || code.startsWith('E')) {
    return transient('StoreUnusable', `Cannot open "${path}": ${describeError(error)}; check the file and its rights`);
  }
  return error;
}
