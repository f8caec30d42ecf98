import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { describeError, FieldError } from '@selvedge/base/errors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PtyPort } from './pty.ts';

const test = suite('pseudo-terminal, in real time');

const folder = mkdtempSync(join(tmpdir(), 'selvedge-pty-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
async function withPort(run: (port: { path: string; port: PtyPort; received: () => Buffer }) => Promise<void>) {
  const path = join(folder, `bus-${count++}`);
  const chunks: Buffer[] = [];
  const port = new PtyPort({
    path,
    clock: new RealClock(),
    onBytes: (bytes) => chunks.push(bytes),
    onError: (error) => {
      throw error;
    },
  });
  await port.open();
  try {
    await run({ path, port, received: () => Buffer.concat(chunks) });
  } finally {
    await port.close();
  }
}

/** A program on the far end; resolves with what it printed, and its exit code. */
function shell(script: string, path: string): Promise<{ code: number | null; output: Buffer }> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', script, 'sh', path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks) }));
  });
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries++) await pause(10);
  assert.ok(condition());
}

test('passes every byte as it is, both ways', () =>
  withPort(async ({ path, port, received }) => {
    writeFileSync(join(folder, 'bytes'), everyByte);
    await shell(`cat ${join(folder, 'bytes')} > "$1"`, path);
    await until(() => received().length >= 256);
    assert.is(received().toString('hex'), everyByte.toString('hex'));
    const reading = shell('head -c 256 "$1"', path);
    port.write(everyByte);
    assert.is((await reading).output.toString('hex'), everyByte.toString('hex'));
  }));

test('is opened and closed by others as often as they like', () =>
  withPort(async ({ path, received }) => {
    for (let round = 1; round <= 5; round++) {
      await shell('printf x > "$1"', path);
      await until(() => received().length === round);
    }
  }));

test('takes a megabyte in one go, and gives back what fits its bound, with the event loop free all the time', () =>
  withPort(async ({ path, port, received }) => {
    await shell('head -c 1000000 /dev/zero > "$1"', path);
    await until(() => received().length === 1_000_000);
    const started = performance.now();
    port.write(Buffer.alloc(60_000, 7));
    assert.ok(performance.now() - started < 200, 'a write waited for a reader');
    const { output } = await shell('head -c 60000 "$1"', path);
    assert.is(output.length, 60_000);
  }));

test('keeps no more than its bound for a reader that never comes', () =>
  withPort(async ({ port }) => {
    for (let block = 0; block < 100; block++) port.write(Buffer.alloc(10_000));
    await pause(20);
  }));

test('makes its link anew after a crash, removes it at the end, and can do so again', async () => {
  const path = join(folder, 'crashed');
  symlinkSync('/dev/pts/987654', path);
  for (let round = 0; round < 2; round++) {
    const port = new PtyPort({ path, clock: new RealClock(), onBytes: () => {}, onError: () => {} });
    await port.open();
    assert.match(readlinkSync(path), /^\/dev\/pts\/\d+$/);
    await port.close();
    await port.close();
    assert.not(existsSync(path));
  }
});

test('touches nothing that somebody else has put there', async () => {
  const path = join(folder, 'taken');
  writeFileSync(path, 'precious');
  const port = new PtyPort({ path, clock: new RealClock(), onBytes: () => {}, onError: () => {} });
  try {
    await port.open();
    assert.unreachable();
  } catch (error) {
    assert.instance(error, FieldError);
    assert.match(describeError(error), /taken": something else is there already/);
  }
  await port.close();
  assert.ok(existsSync(path));
});

test('leaves the link of another port that still runs; takes it when that one was killed', async () => {
  const path = join(folder, 'shared');
  const script = `import { PtyPort } from ${JSON.stringify(new URL('./pty.ts', import.meta.url).href)};
    import { RealClock } from '@selvedge/base/clock';
    const port = new PtyPort({ path: process.argv[1], clock: new RealClock(), onBytes() {}, onError() {} });
    await port.open();
    process.stdout.write('open');
    setInterval(() => {}, 1000);`;
  const args = [...process.execArgv, '--input-type=module', '-e', script, path];
  const first = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise((opened, ended) => {
      first.stdout.once('data', opened);
      first.once('exit', () => ended(new Error('the first port did not open')));
    });
    const before = readlinkSync(path);
    const second = new PtyPort({ path, clock: new RealClock(), onBytes: () => {}, onError: () => {} });
    let refusal: unknown;
    await second.open().catch((error: unknown) => {
      refusal = error;
    });
    assert.match(describeError(refusal), /shared": another running simulator serves it; stop that one/);
    await second.close();
    assert.is(readlinkSync(path), before);

    const gone = new Promise((resolve) => first.once('exit', resolve));
    first.kill('SIGKILL');
    await gone;
    await second.open();
    assert.match(readlinkSync(path), /^\/dev\/pts\/\d+$/);
    await second.close();
    assert.not(existsSync(path));
  } finally {
    first.kill('SIGKILL');
  }
});

test.run();
