/** Opens SQLite once, as the product does. Says on standard output which package it is and, when it fails, why (JSON). */
import { describeError } from '../packages/base/errors.ts';
import { openSqlite, sqlitePackage } from '../packages/base/sqlite.ts';

const name = sqlitePackage(Number(process.versions.napi));
let problem: string | undefined;
try {
  openSqlite(':memory:').close();
} catch (error) {
  problem = describeError(error);
}
console.log(JSON.stringify({ name, problem }));
