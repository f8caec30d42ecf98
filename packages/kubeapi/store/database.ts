import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { configError } from '@selvedge/base/errors';
import { openSqlite, type SqliteDatabase } from '@selvedge/base/sqlite';

/** The layout of the file. A newer file is refused: what an older program would make of it is anybody's guess. */
const schemaVersion = 1;

const layout = `
  CREATE TABLE objects (
    resource  TEXT NOT NULL,    -- group/plural, the same for every version of a resource
    namespace TEXT NOT NULL,    -- empty for what is not namespaced
    name      TEXT NOT NULL,
    uid       TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    body      TEXT NOT NULL,    -- JSON without kind and apiVersion: these depend on who asks
    PRIMARY KEY (resource, namespace, name)
  );
  CREATE TABLE events (
    revision  INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL, -- milliseconds, for compaction by age
    type      TEXT NOT NULL,    -- ADDED, MODIFIED, DELETED
    resource  TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name      TEXT NOT NULL,
    body      TEXT NOT NULL,    -- the object after the event; for DELETED as it was last, with the event's revision
    previous  TEXT              -- the object before it: selectors and old lists need it
  );
  CREATE INDEX events_by_resource ON events (resource, revision);
`;

export type Connection = SqliteDatabase;

/**
 * Opens the file, made with all folders above it when missing, readable by its owner only: it holds Secrets.
 * WAL with synchronous=FULL: what was committed survives kill -9 and loss of power.
 * @throws FieldError `StoreTooNew` when a newer program wrote the file, `StoreUnreadable` when it is no database.
 */
export function openDatabase(file: string, maxBytes: number): Connection {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
  }
  const connection = openSqlite(file);
  try {
    prepare(connection, file);
    const pageSize = Number(connection.pragma('page_size', { simple: true }));
    connection.pragma(`max_page_count = ${Math.ceil(maxBytes / pageSize)}`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function prepare(connection: Connection, file: string): void {
  try {
    connection.pragma('journal_mode = WAL');
  } catch (error) {
    throw configError('StoreUnreadable', `Cannot open store "${file}": not a usable database; move it away`, error);
  }
  connection.pragma('synchronous = FULL');
  // The page cache counts into this process; 2 MB holds the index pages of thousands of objects.
  connection.pragma('cache_size = -2048');
  // A write-ahead log that grew in a storm of writes is cut back to this after its checkpoint.
  connection.pragma('journal_size_limit = 8388608');
  const version = connection.pragma('user_version', { simple: true });
  if (version === schemaVersion) return;
  if (version !== 0) {
    throw configError(
      'StoreTooNew',
      `Cannot open store "${file}": its layout is ${String(version)}, this program knows ${schemaVersion}; use the newer program`,
    );
  }
  connection.transaction(() => {
    connection.exec(layout);
    connection.pragma(`user_version = ${schemaVersion}`);
  })();
}
