import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('hil-sim, the program');

const folder = mkdtempSync(join(tmpdir(), 'selvedge-hil-sim-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const boiler = fileURLToPath(new URL('./plants/boiler.yaml', import.meta.url));
const program = fileURLToPath(new URL('./main.ts', import.meta.url));

interface Ready {
  readonly message: string;
  readonly endpoints: readonly { readonly name: string; readonly address: string }[];
}

/** The program with `args`; `ready` resolves with the log line that says so, `exit` with the exit code. */
function start(...args: string[]) {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  const ready = new Promise<Ready>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const line = log.split('\n').find((one) => one.includes('"ready"'));
      if (line !== undefined) resolve(JSON.parse(line) as Ready);
    });
    void exit.then((code) => reject(new Error(`exit ${code} before it was ready: ${log}`)));
  });
  ready.catch(() => {});
  return { child, exit, ready, log: () => log };
}

test('says where it listens, keeps what was set from one run to the next, and stops when it is told to', async () => {
  const state = join(folder, 'boiler.json');
  for (const [round, expected] of [60, 71].entries()) {
    const { child, exit, ready } = start('run', boiler, '--port-base', '0', '--state', state);
    const { endpoints } = await ready;
    assert.equal(
      endpoints.map(({ name }) => name),
      ['plc', 'control'],
    );
    const control = endpoints[1]?.address.replace('tcp:', 'http://');
    const url = `${control}/points/boiler/setpoint`;
    assert.equal(await (await fetch(url)).json(), { value: expected }, `round ${round}`);
    await fetch(url, { method: 'PUT', body: '{"value":71}' });
    child.kill('SIGTERM');
    assert.is(await exit, 0);
  }
  assert.ok(readFileSync(state, 'utf8').includes('"boiler.setpoint":71'));
});

test('makes a serial line, and takes its link away when it stops', async () => {
  const plant = join(folder, 'serial.yaml');
  const link = join(folder, 'bus');
  writeFileSync(plant, `lines: { bus: { modbus: { listen: "pty:${link}" } } }\ndevices: {}\n`);
  const { child, exit, ready } = start('run', plant);
  assert.equal((await ready).endpoints, [{ name: 'bus', address: `pty:${link}` }]);
  assert.ok(existsSync(link));
  child.kill('SIGINT');
  assert.is(await exit, 0);
  assert.not(existsSync(link));
});

const broken = join(folder, 'broken.yaml');
writeFileSync(broken, 'lines: {}\ndevcies: {}\n');
const still = join(folder, 'still.yaml');
writeFileSync(still, 'lines: {}\ndevices: {}\n');

const failures: [string, string[], number, RegExp][] = [
  ['no plant', ['run'], 64, /hil-sim run hil-sim\/plants\/boiler.yaml/],
  ['an unknown flag', ['run', boiler, '--sede', '1'], 64, /unknown setting \\"sede\\"; did you mean \\"seed\\"\?/],
  [
    'a plant with a wrong key',
    ['run', broken],
    78,
    /broken.yaml\\" line 2, devcies: unknown key \\"devcies\\"; did you mean \\"devices\\"\?/,
  ],
  [
    'a clock that nobody could advance',
    ['run', still, '--clock', 'virtual'],
    78,
    /without \\"control\\" nothing could advance it/,
  ],
];
test('ends with the exit code that tells a supervisor what is wrong, and says it in words', async () => {
  await Promise.all(
    failures.map(async ([what, args, code, text]) => {
      const { exit, log } = start(...args);
      assert.is(await exit, code, what);
      assert.match(log(), text);
    }),
  );
});

test('ends with exit code 69 when its port is taken', async () => {
  const first = start('run', boiler, '--port-base', '0');
  const address = (await first.ready).endpoints[0]?.address ?? '';
  const second = start('run', boiler, '--port-base', '0', '--listen', `modbus=${address}`);
  assert.is(await second.exit, 69);
  assert.match(second.log(), /another program listens there/);
  first.child.kill('SIGTERM');
  assert.is(await first.exit, 0);
});

test.run();
