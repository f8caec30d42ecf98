import { createRequire } from 'node:module';
import type Sqlite from 'better-sqlite3';
import { configError, describeError } from './errors.ts';

export type SqliteDatabase = Sqlite.Database;

/**
 * The package that holds better-sqlite3 for a Node with this version of Node-API. Release 13 needs Node-API 10 (Node 22.14) and
 * kills an older Node at the first `new Database()`; release 12 kills Node 24 when the garbage collector takes one of its
 * objects. Neither can be caught, hence the choice: docs/adr/010-two-releases-of-sqlite.md.
 */
export const sqlitePackage = (napiVersion: number): string =>
  napiVersion >= 10 ? 'better-sqlite3' : 'better-sqlite3-v12';

/**
 * Opens a file, or `:memory:`, with the SQLite that fits the running Node.
 * @throws configError `SqliteMissing` when that is not installed or not compiled; what SQLite itself throws, unchanged
 */
export function openSqlite(file: string, options?: Sqlite.Options): SqliteDatabase {
  const name = sqlitePackage(Number(process.versions.napi));
  try {
    const Database = createRequire(import.meta.url)(name) as typeof Sqlite;
    return new Database(file, options);
  } catch (error) {
    throw isLoadError(error) ? missing(name, error) : error;
  }
}

/** The package is absent, or its native half is: that one is loaded by the first constructor, not by `require`. */
function isLoadError(error: unknown): boolean {
  const { code, tries } = error as { code?: string; tries?: unknown };
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED' || tries !== undefined;
}

function missing(name: string, error: unknown): Error {
  const [reason] = describeError(error).split('\n');
  return configError(
    'SqliteMissing',
    `Cannot load SQLite, package "${name}" for Node ${process.versions.node}: ${reason}; run "npm start" or "npm test" once, which install it`,
    error,
  );
}
