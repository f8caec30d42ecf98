import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { freeBase, isFree } from '../support/free-ports.ts';
import { hasKubectl, skip } from '../support/kubectl.ts';
import { isAlive } from '../support/process-tree.ts';
import { RegisterProbe } from '../support/register-probe.ts';
import { type Ran, run } from '../support/run.ts';
import { Running } from '../support/running.ts';
import { until } from '../support/until.ts';

/** What a newcomer sees: `npm start` for real, what it prints followed to the letter, Ctrl-C, and once more. */
const test = suite('npm start');

if (!(await hasKubectl())) skip('what a newcomer sees needs kubectl on the PATH');
const folder = mkdtempSync(join(tmpdir(), 'selvedge-start-'));
const state = join(folder, 'state');
const base = await freeBase();
const flags = ['--dir', state, '--ports', String(base)];
const ports = Array.from({ length: 16 }, (_, offset) => base + offset);
const npmStart = (...args: string[]) => new Running('npm', ['start', '--', ...args]);
let product: Running;
let kubeconfig = '';

const kubectl = (...args: string[]): Promise<Ran> => run('kubectl', args, { KUBECONFIG: kubeconfig });
const jsonPath = async (path: string) => (await kubectl('get', 'device', 'boiler', '-o', `jsonpath=${path}`)).stdout;
const uid = () => jsonPath('{.metadata.uid}');
const setpoint = (field: string) => jsonPath(`{.status.twins[?(@.propertyName=="setpoint")].${field}}`);

/** The holding register of the boiler's set-point, tenths of a degree, read over Modbus TCP. */
async function register(): Promise<number> {
  const probe = await RegisterProbe.connect(base + 10);
  try {
    return await probe.read(1, 0);
  } finally {
    probe.close();
  }
}

async function start(...more: string[]): Promise<void> {
  product = npmStart(...flags, ...more);
  await product.says('Ctrl-C stops everything.');
  kubeconfig = /export KUBECONFIG=(\S+)/.exec(product.output)?.[1] ?? '';
}

test.after(async () => {
  await product?.interrupt();
  rmSync(folder, { recursive: true, force: true });
});

test('it says what runs on which port, a line for KUBECONFIG, and three commands to try', async () => {
  await start();
  assert.is(kubeconfig, join(state, 'kubeconfig'));
  for (const offset of [0, 1, 3, 4, 10]) assert.match(product.output, `${base + offset}`);
  assert.match(product.output, 'kubectl get devices -w\n');
  assert.match(product.output, 'kubectl edit device boiler ');
  assert.match(product.output, `npx selvedge status --dir ${state}\n`);
});

test('kubectl edit: the register of the PLC changes, kubectl wait returns, the status tells the outcome', async () => {
  assert.is((await kubectl('wait', '--for=condition=Synced', 'device/boiler', '--timeout=20s')).code, 0);
  assert.is(await register(), 600);
  const editor = join(folder, 'editor.sh');
  writeFileSync(editor, `#!/bin/sh\nsed -i '0,/value: "60"/s//value: "65"/' "$1"\n`, { mode: 0o755 });
  const edited = await run('kubectl', ['edit', 'device', 'boiler'], { KUBECONFIG: kubeconfig, KUBE_EDITOR: editor });
  assert.is(edited.code, 0, edited.stderr);
  const waited = await kubectl('wait', '--for=condition=Synced', 'device/boiler', '--timeout=20s');
  assert.is(waited.code, 0, waited.stderr);
  assert.is(await register(), 650);
  assert.is(await setpoint('lastWrite.phase'), 'Verified');
  await until(5_000, 'reported', async () => (await setpoint('reported.value')) === '65');
});

test('kubectl get devices -w moves by itself, because the water follows its set-point', async () => {
  // The heading, the device as it is, and three changes; run() ends it if they do not come.
  const { stdout } = await run('sh', ['-c', 'kubectl get devices -w | head -n 5'], { KUBECONFIG: kubeconfig });
  const rows = stdout.split('\n').filter((line) => /^boiler +edge-1 +modbus +online +True/.test(line));
  assert.is(rows.length, 4, stdout);
});

test('kubectl describe shows what happened, not every sample', async () => {
  const { stdout } = await kubectl('describe', 'device', 'boiler');
  const events = stdout.slice(stdout.indexOf('\nEvents:')).split('\n');
  assert.ok(
    events.some((line) => /Normal +DeviceOnline .*The device answers/.test(line)),
    stdout,
  );
  assert.ok(events.length < 8, stdout);
});

test('the status command, as it was printed, finds nothing wrong', async () => {
  const command = /^ {2}(npx selvedge status.*)$/m.exec(product.output)?.[1] ?? '';
  const { code, stdout, stderr } = await run('sh', ['-c', command], { KUBECONFIG: '' });
  assert.is(code, 0, stdout + stderr);
  for (const name of ['cloud', 'gateway', 'hil-sim', 'modbus'])
    assert.match(stdout, new RegExp(`^${name} +Running`, 'm'));
  assert.match(stdout, /nothing is wrong\n$/);
});

test('a second start on the same ports is refused, and names who has them', async () => {
  const second = npmStart('--dir', join(folder, 'second'), '--ports', String(base));
  assert.is(await second.ended(), 78);
  assert.match(second.output, new RegExp(`port ${base} \\(Kubernetes API\\) is taken by pid \\d+ \\(.*cloud\\.mjs`));
  assert.match(second.output, 'move all ports with --ports BASE');
});

test('a second start from the same state is refused, and names who runs from it', async () => {
  const second = npmStart(...flags);
  assert.is(await second.ended(), 78);
  assert.match(second.output, /pid \d+ runs from it already; stop that one/);
  assert.is(await register(), 650);
});

test('Ctrl-C stops everything in order: no process is left, every port is free', async () => {
  const family = product.family();
  assert.ok(family.length >= 6, family.map(({ command }) => command).join('\n'));
  await product.interrupt();
  assert.match(product.output, /selvedge: stopped\n$/);
  assert.equal(family.filter(isAlive), []);
  const taken = await Promise.all(ports.map(async (port) => ((await isFree(port)) ? [] : [port])));
  assert.equal(taken.flat(), []);
});

test('the next start goes on where it stopped', async () => {
  await start();
  await until(
    20_000,
    'synced',
    async () => (await kubectl('wait', '--for=condition=Synced', 'device/boiler')).code === 0,
  );
  assert.is(await register(), 650);
  assert.is(await jsonPath('{.spec.properties[0].desired.value}'), '65');
});

test('Ctrl-C and --reset: everything begins anew', async () => {
  const before = await uid();
  await product.interrupt();
  await start('--reset');
  await until(
    20_000,
    'synced',
    async () => (await kubectl('wait', '--for=condition=Synced', 'device/boiler')).code === 0,
  );
  assert.is.not(await uid(), before);
  assert.is(await register(), 600);
  await product.interrupt();
});

test('Ctrl-C in the middle of a start leaves nothing behind either', async () => {
  product = npmStart(...flags);
  await until(20_000, 'a process of it runs', async () =>
    product.family().some(({ command }) => command.includes('cloud.mjs')),
  );
  const family = product.family();
  await product.interrupt();
  assert.equal(family.filter(isAlive), []);
  assert.not.match(product.output, 'Error');
});

test('a second Ctrl-C, of somebody who cannot wait, ends it on the spot', async () => {
  await start();
  const family = product.family();
  const ended = product.interrupt();
  await product.says('selvedge: stopping');
  await product.interrupt();
  await ended;
  await until(5_000, 'nothing is left', async () => !family.some(isAlive));
});

test.run();
