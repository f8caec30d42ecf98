import { openSqlite } from '@selvedge/base/sqlite';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GroupCommit } from './group-commit.ts';

const test = suite('group commit');

/** On a table whose references are checked at COMMIT only, so that a commit can be made to fail. */
function open() {
  const connection = openSqlite(':memory:');
  connection.exec(`
    CREATE TABLE things (name TEXT PRIMARY KEY ON CONFLICT ROLLBACK,
      parent TEXT REFERENCES things (name) DEFERRABLE INITIALLY DEFERRED)`);
  const insert = connection.prepare('INSERT INTO things (name, parent) VALUES (?, ?)');
  const log: string[] = [];
  const deferred: (() => void)[] = [];
  const commits = new GroupCommit({
    connection,
    defer: (work) => deferred.push(work),
    onCommit: () => log.push('committed'),
    onRollback: () => log.push('undone'),
  });
  return {
    commits,
    log,
    write: (name: string, parent: string | null = null) => commits.run(() => insert.run(name, parent)),
    endTurn: () => {
      for (const work of deferred.splice(0)) work();
    },
    names: () => (connection.prepare('SELECT name FROM things').all() as { name: string }[]).map(({ name }) => name),
  };
}

const failureOf = (promise: Promise<void>) =>
  promise.then(
    () => 'none',
    (error: Error) => error.message,
  );

test('a turn has one commit', async () => {
  const { commits, log, write, endTurn, names } = open();
  write('a');
  write('b');
  endTurn();
  await commits.settled();
  assert.equal(log, ['committed']);
  assert.equal(names(), ['a', 'b']);
});

test('a commit that fails is told to all who wrote in that turn, and the next turn works', async () => {
  const { commits, log, write, endTurn, names } = open();
  write('a');
  const asked = failureOf(commits.settled());
  write('orphan', 'nobody');
  commits.flush();
  assert.match(await asked, /Cannot store/);
  assert.match(await failureOf(commits.settled()), /Cannot store/);
  assert.throws(() => write('b'), /Cannot store/);
  assert.equal(log, ['undone']);
  endTurn();
  write('c');
  endTurn();
  assert.is(await failureOf(commits.settled()), 'none');
  assert.equal(names(), ['c']);
});

test('when SQLite gives up the transaction by itself, what was written before in that turn is told to be lost', async () => {
  const { commits, log, write, endTurn, names } = open();
  write('a');
  endTurn();
  write('b');
  assert.throws(() => write('a'), /UNIQUE/);
  assert.match(await failureOf(commits.settled()), /Cannot store/);
  assert.equal(log, ['committed', 'undone']);
  endTurn();
  assert.is(await failureOf(commits.settled()), 'none');
  assert.equal(names(), ['a']);
});

test('a write that throws by itself takes nothing else with it', async () => {
  const { commits, write, endTurn, names } = open();
  write('a');
  assert.throws(
    () =>
      commits.run(() => {
        throw new Error('changed my mind');
      }),
    /changed my mind/,
  );
  endTurn();
  await commits.settled();
  assert.equal(names(), ['a']);
});

test.run();
