import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RotatingFile } from './rotate.ts';

const test = suite<{ folder: string; path: string }>('rotating log');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'selvedge-rotate-'));
  context.path = join(context.folder, 'x.log');
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

test('keeps the newest lines, in so many files of at most so many bytes', ({ folder, path }) => {
  const log = new RotatingFile({ path, maxBytes: 20, keep: 3 });
  for (let count = 10; count < 30; count++) log.line(`line ${count}`);
  log.close();
  assert.equal(readdirSync(folder).sort(), ['x.log', 'x.log.1', 'x.log.2']);
  const newestLast = ['x.log.2', 'x.log.1', 'x.log'].map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  assert.is(newestLast, 'line 24\nline 25\nline 26\nline 27\nline 28\nline 29\n');
  assert.is(statSync(path).mode & 0o777, 0o600);
});

test('goes on behind what an earlier run wrote, and counts it', ({ folder, path }) => {
  for (let run = 0; run < 3; run++) {
    const log = new RotatingFile({ path, maxBytes: 20, keep: 2 });
    log.line(`run ${run} says`);
    log.close();
  }
  assert.is(readFileSync(path, 'utf8'), 'run 2 says\n');
  assert.is(readFileSync(join(folder, 'x.log.1'), 'utf8'), 'run 1 says\n');
});

test('loses lines, not the process, while its folder is gone', ({ folder, path }) => {
  const log = new RotatingFile({ path, maxBytes: 20, keep: 2 });
  log.line('a line of many bytes');
  rmSync(folder, { recursive: true });
  log.line('nowhere to go');
  mkdirSync(folder);
  log.line('back again');
  log.close();
  assert.is(readFileSync(path, 'utf8'), 'back again\n');
});

test.run();
