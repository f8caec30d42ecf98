import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Home } from './home.ts';
import { lockHolder, takeLock } from './lock.ts';

const test = suite<{ folder: string; home: Home }>('state directory');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'selvedge-home-'));
  context.home = new Home(join(context.folder, 'state'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

test('is made for its owner alone, and remembers what it is told', ({ home }) => {
  const mark = home.open('up');
  assert.is(statSync(home.directory).mode & 0o777, 0o700);
  home.write({ ...mark, settings: { api: 1 } });
  assert.equal(new Home(home.directory).open('up').settings, { api: 1 });
});

const refusals: [what: string, arrange: (home: Home) => void, said: RegExp][] = [
  [
    'files of somebody else',
    (home) => writeFileSync(home.path('letter.txt'), ''),
    /holds letter\.txt and was not made by selvedge/,
  ],
  ['another kind of state', (home) => home.write({ format: 1, kind: 'join' }), /it belongs to `selvedge join`/],
  ['state of a newer version', (home) => home.write({ format: 2, kind: 'up' }), /a newer selvedge wrote it/],
  ['a broken mark', (home) => writeFileSync(home.path('.selvedge-state'), '{'), /its \.selvedge-state cannot be read/],
];
for (const [what, arrange, said] of refusals) {
  test(`is refused when it holds ${what}`, ({ home }) => {
    mkdirSync(home.directory);
    arrange(home);
    assert.throws(() => home.open('up'), said);
  });
}

test('is deleted when it is ours, and never when it is not', ({ home }) => {
  home.open('up');
  home.remove();
  assert.not(existsSync(home.directory));
  mkdirSync(home.directory);
  writeFileSync(home.path('letter.txt'), '');
  assert.throws(() => home.remove(), /holds letter\.txt but no \.selvedge-state, so it is not deleted/);
  assert.ok(existsSync(home.path('letter.txt')));
});

test('is held by one process; a lock of a process that is gone is taken over', ({ home }) => {
  home.open('up');
  const path = home.path('run', 'lock');
  const lock = takeLock(path, home.directory);
  assert.is(lockHolder(path)?.pid, process.pid);
  assert.throws(
    () => takeLock(path, home.directory),
    new RegExp(`pid ${process.pid} runs from it already; stop that one`),
  );
  lock.release();
  assert.is(lockHolder(path), undefined);
  // The number of a process that lives, but not its start: another one had the lock.
  writeFileSync(path, JSON.stringify({ pid: process.pid, startTicks: 1 }));
  takeLock(path, home.directory).release();
});

test.run();
