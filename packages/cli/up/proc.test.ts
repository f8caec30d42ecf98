import { spawn } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { groupMembers, parseStat, processInfo, signal } from './proc.ts';

const test = suite('processes');

test('a name with spaces and parentheses does not confuse the fields behind it', () => {
  const rest = 'S 1 77 77 0 -1 4194560 1 0 0 0 3 1 0 0 20 0 1 0 123456 1000 200';
  assert.equal(parseStat(`42 (a (b) c) ${rest}`), { pid: 42, state: 'S', group: 77, startTicks: 123_456 });
  assert.is(parseStat('no stat at all'), undefined);
});

test('knows this process by its start, and no process by a number that nobody has', () => {
  const own = processInfo(process.pid);
  assert.is(own?.pid, process.pid);
  assert.ok((own?.startTicks ?? 0) > 0);
  assert.is(processInfo(4_194_305), undefined, 'one above the largest pid of Linux');
});

test('a group is found and ended, and what has ended counts no more', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & sleep 60'], { detached: true, stdio: 'ignore' });
  const group = child.pid ?? 0;
  while (groupMembers(group).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  assert.ok(signal(-group, 'SIGKILL'));
  await ended;
  while (groupMembers(group).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.is(processInfo(group), undefined);
});

test('a signal to nobody is no error', () => {
  assert.not(signal(4_194_305, 'SIGTERM'));
});

test.run();
