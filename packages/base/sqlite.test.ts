import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openSqlite, sqlitePackage } from './sqlite.ts';

const test = suite('SQLite');

test('release 13 is for Node-API 10 and newer, release 12 for Node 20', () => {
  assert.is(sqlitePackage(9), 'better-sqlite3-v12');
  assert.is(sqlitePackage(10), 'better-sqlite3');
  assert.is(sqlitePackage(11), 'better-sqlite3');
});

test('what was committed to a file is there when it is opened again', () => {
  const dir = mkdtempSync(join(tmpdir(), 'selvedge-sqlite-'));
  try {
    const written = openSqlite(join(dir, 'a.db'));
    written.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('kept')");
    written.close();
    const read = openSqlite(join(dir, 'a.db'), { readonly: true });
    assert.is(read.prepare('SELECT x FROM t').pluck().get(), 'kept');
    read.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("an error of SQLite's own passes unchanged", () => {
  try {
    openSqlite('/', { fileMustExist: true });
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'SQLITE_CANTOPEN');
  }
});

test('a garbage collection that takes closed and forgotten handles leaves the process alive', () => {
  // An explicit gc() is harmless even with the wrong release; what kills is a scavenge that an allocation sets off.
  const program = `
    import { openSqlite } from ${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)};
    const young = [];
    for (let i = 0; i < 3000; i++) {
      const database = openSqlite(':memory:');
      database.pragma('user_version');
      if (i % 2 === 0) database.close();
      young[i % 50] = Array.from({ length: 2000 }, () => ({ i }));
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    console.log('alive');`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal([status, signal, stdout.trim()], [0, null, 'alive'], stderr);
});

test.run();
