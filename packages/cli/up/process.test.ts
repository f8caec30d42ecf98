import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { FieldError } from '@selvedge/base/errors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { groupMembers, processInfo } from './proc.ts';
import { SupervisedProcess } from './process.ts';
import type { ProcessRecord } from './record.ts';
import { RotatingFile } from './rotate.ts';

interface Context {
  folder: string;
  records: ProcessRecord[];
  started: SupervisedProcess[];
}
const test = suite<Context>('supervised process');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'selvedge-process-'));
  context.records = [];
  context.started = [];
});
test.after.each(async ({ folder, started }) => {
  for (const process of started) await process.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A program of these lines, supervised with real processes and real time. */
function supervise({ folder, records, started }: Context, program: string, grace = seconds(5)): SupervisedProcess {
  const path = join(folder, 'program.mjs');
  writeFileSync(path, program);
  const process = new SupervisedProcess(
    { name: 'pump', args: [path], program: path, grace },
    {
      clock: new RealClock(),
      log: new RotatingFile({ path: join(folder, 'pump.log') }),
      onChange: (record) => records.push(record),
    },
  );
  started.push(process);
  return process;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const ready = `console.log(JSON.stringify({ message: 'ready', port: 7 }));`;
const stay = 'setInterval(() => {}, 1_000);';

test('is ready when it says so; what it writes is logged; it stops when it is asked to', async (context) => {
  const process = supervise(context, `${ready} process.stderr.write('and more'); ${stay}`);
  const line = await process.start(seconds(10));
  assert.is(line.port, 7);
  const { pid = 0, state } = process.record;
  assert.is(state, 'Running');
  await until('logged', () => readFileSync(join(context.folder, 'pump.log'), 'utf8').includes('ready'));
  await process.stop();
  assert.is(process.record.state, 'Terminated');
  assert.is(processInfo(pid), undefined);
});

const failures: [what: string, program: string, kind: string, said: string][] = [
  [
    'what a person must change',
    `console.log(JSON.stringify({ level: 'error', message: 'x', error: 'Cannot load plant "p"' })); process.exitCode = 78;`,
    'config',
    'Cannot start pump: Cannot load plant "p"',
  ],
  ['something missing', 'process.exitCode = 69;', 'transient', 'Cannot start pump: it ended with code 69'],
  ['a crash', 'throw new TypeError("no such thing");', 'bug', 'Cannot start pump: TypeError: no such thing'],
  ['a signal', 'process.kill(process.pid, "SIGKILL");', 'bug', 'Cannot start pump: it was ended by SIGKILL'],
];
for (const [what, program, kind, said] of failures) {
  test(`a first start that ends with ${what} is told, not tried again`, async (context) => {
    const process = supervise(context, program);
    try {
      await process.start(seconds(10));
      assert.unreachable('it was never ready');
    } catch (error) {
      assert.ok(error instanceof FieldError);
      assert.equal([error.kind, error.message], [kind, said]);
    }
    assert.is(process.record.state, 'Terminated');
  });
}

test('one that dies after it was ready is started again, and counted', async (context) => {
  const process = supervise(context, `${ready} ${stay}`);
  await process.start(seconds(10));
  const first = process.record.pid ?? 0;
  globalThis.process.kill(first, 'SIGKILL');
  await until('runs again', () => process.record.state === 'Running' && process.record.pid !== first);
  assert.is(process.record.restarts, 1);
  assert.ok(context.records.some(({ state, reason }) => state === 'Waiting' && reason === 'was ended by SIGKILL'));
});

test('one that will not stop is killed after its grace, and what it started with it', async (context) => {
  const child = `spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1_000)'])`;
  const program = `import { spawn } from 'node:child_process'; process.on('SIGTERM', () => {}); ${child}; ${ready} ${stay}`;
  const process = supervise(context, program, seconds(0.2));
  await process.start(seconds(10));
  const group = process.record.pid ?? 0;
  await until('both run', () => groupMembers(group).length === 2);
  await process.stop();
  await until('none is left', () => groupMembers(group).length === 0);
});

test('stopped before it was ready, whoever waits for it is told at once', async (context) => {
  const process = supervise(context, stay);
  const told = process.start(seconds(60)).then(
    () => 'it was ready',
    (error: Error) => error.message,
  );
  await process.stop();
  assert.is(await told, 'pump was stopped');
});

test.run();
