import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError, type FieldError } from '@selvedge/base/errors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { takeLock } from './lock.ts';

const test = suite('lock of a mapper');
const folder = mkdtempSync(join(tmpdir(), 'selvedge-lock-'));
const program = join(folder, 'modbus/main.ts');
const take = (dataDir: string, pid = process.pid) => takeLock({ dataDir, pid, program, now: Date.now() });
let count = 0;
const fresh = () => join(folder, `data-${count++}`);
const children: ChildProcess[] = [];

test.after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A process whose command line names `file`. */
async function running(file: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)', file], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child.pid as number;
}

function failure(run: () => unknown): FieldError {
  try {
    run();
  } catch (error) {
    return error as FieldError;
  }
  throw new Error('it should have failed');
}

test('holds the pid in a private directory until it is released', () => {
  const dataDir = fresh();
  const lock = take(dataDir);
  assert.is(readFileSync(join(dataDir, 'lock'), 'utf8'), `${process.pid}\n`);
  assert.is(statSync(dataDir).mode & 0o777, 0o700);
  lock.release();
  lock.release();
  assert.not(existsSync(join(dataDir, 'lock')));
});

test('is refused while a process of the same program holds it, from its source or as a bundle', async () => {
  const dataDir = fresh();
  const pid = await running('/elsewhere/modbus/main.mjs');
  take(dataDir, pid);
  const error = failure(() => take(dataDir));
  assert.is(error.code, 'LockHeld');
  assert.is(error.kind, 'transient');
  assert.match(error.message, new RegExp(`process ${pid} serves these lines; stop it first`));
  assert.equal(readdirSync(dataDir), ['lock']);
  assert.is(readFileSync(join(dataDir, 'lock'), 'utf8'), `${pid}\n`);
});

test('is taken over from a dead process, from another program that got its pid, and from garbage', async () => {
  const other = await running('/elsewhere/ble/main.mjs');
  for (const left of ['4194303\n', `${other}\n`, 'garbage', '', '-1', '1']) {
    const dataDir = fresh();
    take(dataDir).release();
    writeFileSync(join(dataDir, 'lock'), left);
    take(dataDir);
    assert.is(readFileSync(join(dataDir, 'lock'), 'utf8'), `${process.pid}\n`);
    assert.equal(readdirSync(dataDir), ['lock']);
  }
});

test('of many that start at the same moment over a dead one, exactly one gets it', async () => {
  const script = join(folder, 'modbus-main.ts');
  const lockModule = join(import.meta.dirname, 'lock.ts');
  writeFileSync(
    script,
    `import { takeLock } from ${JSON.stringify(lockModule)};
     process.stdin.once('data', () => {
       try { takeLock({ dataDir: process.argv[2], pid: process.pid, program: process.argv[1], now: Date.now() }); console.log('mine'); }
       catch (error) { console.log(error.code); }
     });
     console.log('here');`,
  );
  for (let round = 0; round < 2; round++) {
    const dataDir = fresh();
    take(dataDir).release();
    writeFileSync(join(dataDir, 'lock'), '4194303\n');
    const contenders = Array.from({ length: 3 }, () => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      const line = (number: number) =>
        new Promise<string>((resolve) => {
          const look = () => {
            const text = output.split('\n')[number];
            if (output.split('\n').length > number + 1) resolve(text ?? '');
            else child.stdout.once('data', () => setImmediate(look));
          };
          look();
        });
      return { child, line };
    });
    await Promise.all(contenders.map(({ line }) => line(0)));
    for (const { child } of contenders) child.stdin.write('go\n');
    const answers = await Promise.all(contenders.map(({ line }) => line(1)));
    assert.is(answers.filter((answer) => answer === 'mine').length, 1, answers.join(' '));
    for (const answer of answers) assert.ok(['mine', 'LockHeld'].includes(answer), answer);
    for (const { child } of contenders) child.kill('SIGKILL');
  }
});

test('a take-over that was killed in the middle does not lock the line for ever', () => {
  const dataDir = fresh();
  take(dataDir).release();
  writeFileSync(join(dataDir, 'lock'), '4194303\n');
  mkdirSync(join(dataDir, 'lock.takeover'));
  assert.is(failure(() => take(dataDir)).code, 'LockHeld');
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(join(dataDir, 'lock.takeover'), longAgo, longAgo);
  take(dataDir);
  assert.equal(readdirSync(dataDir), ['lock']);
});

test('does not take away the lock of one who thought us dead', () => {
  const dataDir = fresh();
  const lock = take(dataDir);
  writeFileSync(join(dataDir, 'lock'), '12345\n');
  lock.release();
  assert.is(readFileSync(join(dataDir, 'lock'), 'utf8'), '12345\n');
});

test('a directory that cannot be used is an error that a person can act on', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const error = failure(() => take(file));
  assert.is(error.code, 'LockUnusable');
  assert.is(error.kind, 'config');
  assert.match(describeError(error), /Cannot take ".*file\/lock": EEXIST/);
});

test.run();
