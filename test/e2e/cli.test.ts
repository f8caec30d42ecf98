import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { freeBase } from '../support/free-ports.ts';
import { type Ran, root, selvedge } from '../support/run.ts';
import { Running } from '../support/running.ts';
import { until } from '../support/until.ts';
import { Product } from './product.ts';
import { pump, pumpModel } from './pump.ts';

/** The `selvedge` command from outside: what it prints, what it says when it is used wrongly, and its exit codes. */
const test = suite('the selvedge command');

const product = await Product.start();
const folder = mkdtempSync(join(tmpdir(), 'selvedge-cli-'));
const nowhere = join(folder, 'nowhere');

test.before(() =>
  until(10_000, 'synced', async () => (await product.condition('boiler', 'Synced')) === 'True/Verified'),
);
test.after(async () => {
  await product.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('get devices: a table, with -o wide the reasons, and nothing on stderr', async () => {
  const { code, stdout, stderr } = await product.selvedge('get', 'devices');
  assert.is(code, 0);
  assert.is(stderr, '');
  assert.match(
    stdout,
    /^NAME +NODE +PROTOCOL +STATE +READY +SYNCED +AGE\nboiler +edge-1 +modbus +online +True +True +\d+s\n$/,
  );
  const wide = (await product.selvedge('get', 'devices', '-o', 'wide')).stdout;
  assert.match(wide, /READY-REASON +SYNCED-REASON\n.* Ready +Verified\n$/);
});

test('get device: every property with what is wanted, found and written; -o json and yaml give the object', async () => {
  const { stdout } = await product.selvedge('get', 'device', 'boiler');
  assert.match(stdout, /^default\/boiler +state online\nReady=True \(Ready\) +Synced=True \(Verified\)\n/);
  assert.match(stdout, /^setpoint +60 +60 +good +\d+s +60 Verified$/m);
  assert.match(stdout, /^flame +(true|false) +good +\d+s$/m);
  const json = JSON.parse((await product.selvedge('get', 'device', 'boiler', '-o', 'json')).stdout);
  const yaml = parse((await product.selvedge('get', 'dev', 'boiler', '-o', 'yaml')).stdout);
  for (const object of [json, yaml]) assert.is(object.spec.deviceModelRef.name, 'boiler-model');
});

test('a namespace without devices says so, on stderr', async () => {
  const { code, stdout, stderr } = await product.selvedge('get', 'devices', '-n', 'other');
  assert.equal([code, stdout, stderr], [0, '', 'selvedge: no devices in namespace "other"\n']);
});

test('describe: the device and what happened to it', async () => {
  const { code, stdout } = await product.selvedge('describe', 'device', 'boiler');
  assert.is(code, 0);
  assert.match(stdout, /\n\nEvents:\n.*Normal +DeviceOnline +The device answers/);
});

test('set waits for the outcome; asked for again it writes again, whatever the knob says meanwhile', async () => {
  const first = await product.selvedge('set', 'boiler/setpoint', '61');
  assert.equal([first.code, first.stdout], [0, 'boiler/setpoint is 61 (verified)\n']);
  await product.turn('boiler', 'setpoint', 50);
  const again = await product.selvedge('set', 'boiler/setpoint', '61');
  assert.equal([again.code, again.stdout], [0, 'boiler/setpoint is 61 (verified)\n']);
  assert.is(await product.point('boiler', 'setpoint'), 61);
});

test('set tells the outcome of its own property while another one is wrong', async () => {
  const limit = (maximum: string) => {
    const patch = JSON.stringify([{ op: 'replace', path: '/spec/properties/0/maximum', value: maximum }]);
    return product.kubectl('patch', 'devicemodel', 'boiler-model', '--type=json', '-p', patch);
  };
  assert.is((await limit('40')).code, 0);
  await until(10_000, 'invalid', async () => (await product.condition('boiler', 'Synced')) === 'False/Invalid');
  const set = await product.selvedge('set', 'boiler/burner', 'true');
  assert.equal([set.code, set.stdout], [0, 'boiler/burner is true (verified)\n'], set.stderr);
  assert.is((await limit('80')).code, 0);
  await until(10_000, 'synced', async () => (await product.condition('boiler', 'Synced')) === 'True/Verified');
});

test('set on the gateway itself: the same without the cloud', async () => {
  const local = (...args: string[]) => selvedge(...args, '--gateway', product.directory);
  assert.is((await local('set', 'boiler/setpoint', '62')).stdout, 'boiler/setpoint is 62 (verified)\n');
  assert.is(await product.point('boiler', 'setpoint'), 62);
  assert.match((await local('get', 'devices')).stdout, /^boiler +modbus +online +True +True/m);
  await until(5_000, 'told as drift', async () => (await product.condition('boiler', 'Synced')) === 'False/Drifted');
  assert.is((await product.selvedge('set', 'boiler/setpoint', '61')).code, 0);
});

test('watch prints each change until Ctrl-C', async () => {
  const watch = Running.selvedge('watch', '--dir', product.directory);
  await watch.says(/^default\/boiler +online +setpoint=61 /m);
  assert.is((await product.selvedge('set', 'boiler/setpoint', '63')).code, 0);
  await watch.says(/^default\/boiler +online +setpoint=63 /m);
  assert.is(await watch.interrupt(), 0);
});

test('status: what runs, and with exit code 1 what is wrong', async () => {
  assert.is((await product.apply(pumpModel())).code, 0);
  assert.is((await product.apply(pump({ plantPort: product.base + 10, node: 'edge-1' }))).code, 0);
  await until(10_000, 'served', async () => (await product.condition('pump', 'Ready')) === 'True/Ready');
  // A cluster has nodes that are no gateways; how they are is not ours to judge.
  assert.is((await product.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-1' } })).code, 0);
  const fine = await product.selvedge('status');
  assert.is(fine.code, 0, fine.stdout);
  for (const name of ['cloud', 'gateway', 'hil-sim', 'modbus'])
    assert.match(fine.stdout, new RegExp(`^${name} +Running +\\d+ +\\d+s +0$`, 'm'));
  assert.match(fine.stdout, /gateway edge-1: cloud \S+ connected for .*\n {2}2 of 2 devices ready/);
  assert.match(fine.stdout, /nodes edge-1 Ready\n\nnothing is wrong\n$/);
  assert.is((await product.patch('pump', 'replace', '/spec/protocol/protocolName', 'knx')).code, 0);
  await until(5_000, 'served no more', async () => (await product.condition('pump', 'Ready')) === 'False/NoMapper');
  const bad = await product.selvedge('status');
  assert.is(bad.code, 1);
  assert.match(bad.stdout, /wrong:\n {2}1 of 2 devices are not ready; see `selvedge get devices -o wide`\n$/);
  assert.match((await product.selvedge('get', 'devices', '-o', 'wide')).stdout, /^pump .* False +\w+ +\w+ +NoMapper /m);
});

test('logs: of all processes by time, of one, and as they come', async () => {
  const all = (await product.selvedge('logs', '--lines', '500')).stdout;
  for (const name of ['cloud', 'gateway', 'hil-sim', 'mapper-modbus'])
    assert.match(all, new RegExp(`Z INFO +${name} `));
  const times = all.split('\n').flatMap((line) => /^\S+Z/.exec(line) ?? []);
  assert.equal(times, [...times].sort());
  const one = (await product.selvedge('logs', 'cloud', '--lines', '2')).stdout;
  assert.match(one, /^(\S+Z \w+ +cloud .*\n){2}$/);
  const following = Running.selvedge('logs', '-f', '--dir', product.directory);
  await until(10_000, 'the last lines', async () => following.output !== '');
  const length = following.output.length;
  // A connection that brings no certificate is refused, and the cloud says so in its log.
  await fetch(`https://127.0.0.1:${product.base + 1}/`).catch(() => {});
  await until(10_000, 'a new line', async () => following.output.slice(length).includes('gateway refused'));
  await following.interrupt();
});

test('token prints what `join` takes, and nothing else', async () => {
  const { code, stdout, stderr } = await product.selvedge('token');
  assert.is(code, 0);
  assert.match(stdout, /^[0-9a-f]{64}\.[\w-]+\.[\w-]+\.[\w-]+\n$/);
  assert.is(stderr, '');
});

/** What a person mistypes: the exit code, and the sentence on stderr. */
const mistakes: [what: string, call: () => Promise<Ran>, code: number, said: string | RegExp][] = [
  ['an unknown verb', () => selvedge('stauts'), 64, /unknown command 'stauts'\n\(Did you mean status\?\)/],
  ['an unknown flag', () => product.selvedge('get', 'devices', '--oputput', 'yaml'), 64, /unknown option '--oputput'/],
  [
    'a verb without its argument',
    () => product.selvedge('set', 'boiler/setpoint'),
    64,
    "missing required argument 'value'",
  ],
  ['an unknown thing', () => product.selvedge('get', 'devics'), 64, 'Cannot show "devics": did you mean "devices"?'],
  [
    'an unknown form',
    () => product.selvedge('get', 'devices', '-o', 'xml'),
    64,
    'Cannot print as "xml": it must be one of table, wide, json, yaml',
  ],
  [
    'a target without a property',
    () => product.selvedge('set', 'boiler', '60'),
    64,
    'Cannot set "boiler": it must be DEVICE/PROPERTY, such as boiler/setpoint',
  ],
  [
    'a number of lines that is none',
    () => product.selvedge('logs', '--lines', 'x'),
    64,
    'Cannot show "x" lines: it must be a whole number from 1',
  ],
  [
    'ports that are none',
    () => selvedge('up', '--dir', nowhere, '--ports', 'abc'),
    64,
    'Cannot use --ports "abc": it must be a whole number from 1 to 65520',
  ],
  ['join without a cloud', () => selvedge('join', '--dir', nowhere), 64, 'Cannot join: --cloud HOST:PORT is missing'],
  [
    'join without a token',
    () => selvedge('join', '--dir', nowhere, '--cloud', 'a:1'),
    64,
    'Cannot join: --token is missing; print one with `selvedge token` at the cloud',
  ],
  [
    'join with half an address',
    () => selvedge('join', '--dir', nowhere, '--cloud', 'a'),
    64,
    'Cannot join "a": it must be HOST:PORT',
  ],
  [
    'an unknown device',
    () => product.selvedge('get', 'device', 'bioler'),
    78,
    'Cannot find device "bioler" in namespace "default": did you mean "boiler"?',
  ],
  [
    'an unknown property',
    () => product.selvedge('set', 'boiler/setpiont', '60'),
    78,
    'Cannot set "boiler/setpiont": the device has no such property; did you mean "setpoint"?',
  ],
  [
    'an unknown device on the gateway',
    () => selvedge('get', 'device', 'bioler', '--gateway', product.directory),
    78,
    'Cannot find device "default/bioler" on this gateway; did you mean "default/boiler"?',
  ],
  [
    'an unknown property on the gateway',
    () => selvedge('set', 'boiler/setpiont', '60', '--gateway', product.directory),
    78,
    'has no property "setpiont"; did you mean "setpoint"?',
  ],
  [
    'a value out of range',
    () => product.selvedge('set', 'boiler/setpoint', '95'),
    1,
    'Cannot set "boiler/setpoint": 95 Cel is above maximum 80 Cel; change the desired value or the model',
  ],
  [
    'a value out of range on the gateway',
    () => selvedge('set', 'boiler/setpoint', '95', '--gateway', product.directory),
    1,
    '95 Cel is above maximum 80 Cel',
  ],
  [
    'a value for what is only read',
    () => product.selvedge('set', 'boiler/flow', '1'),
    1,
    'Cannot set "boiler/flow": property "flow" is ReadOnly in the model; what can be set: setpoint, burner',
  ],
  [
    'an unknown process',
    () => product.selvedge('logs', 'gatewy'),
    78,
    'Cannot show logs of "gatewy": did you mean "gateway"?',
  ],
  [
    'a directory of somebody else',
    () => selvedge('up', '--dir', root),
    78,
    /Cannot use directory ".*": it holds \S+ and was not made by selvedge; name another with --dir/,
  ],
  [
    'a directory of another kind',
    () => product.selvedge('join', '--cloud', 'a:1'),
    78,
    /it belongs to `selvedge up`; name another with --dir/,
  ],
  [
    'a kubeconfig that is not there',
    () => selvedge('get', 'devices', '--kubeconfig', nowhere),
    78,
    /Cannot use kubeconfig ".*nowhere": ENOENT.*; name another with --kubeconfig/,
  ],
  [
    'a status of nothing',
    () => selvedge('status', '--dir', nowhere),
    78,
    /there is no ".*nowhere"; name the state directory with --dir/,
  ],
  [
    'devices of nothing',
    () => selvedge('get', 'devices', '--dir', nowhere),
    69,
    'start one with `selvedge up`, or name it with --dir',
  ],
  [
    'a gateway that does not run',
    () => selvedge('get', 'devices', '--gateway', nowhere),
    69,
    /Cannot reach the gateway at .*nowhere\/gateway\.sock/,
  ],
];

for (const [what, call, code, said] of mistakes) {
  test(`${what}: exit code ${code}, one sentence on stderr, nothing on stdout`, async () => {
    const ran = await call();
    assert.is(ran.code, code, ran.stderr);
    assert.match(ran.stderr, said);
    assert.is(ran.stdout, '');
    assert.not(existsSync(nowhere));
  });
}

/** The product's kubeconfig, changed as somebody might have it. */
function changedKubeconfig(name: string, change: (config: Kubeconfig) => void): string {
  const config = parse(readFileSync(product.kubectlEnv.KUBECONFIG ?? '', 'utf8')) as Kubeconfig;
  change(config);
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(config));
  return path;
}

interface Kubeconfig {
  readonly clusters: { cluster: { server: string } }[];
  readonly users: { user: object }[];
}

test('an API server that is away: exit code 69, and where it was looked for', async () => {
  const kubeconfig = changedKubeconfig('away', ({ clusters }) => {
    for (const { cluster } of clusters) cluster.server = 'https://127.0.0.1:1';
  });
  const get = await selvedge('get', 'devices', '--kubeconfig', kubeconfig);
  assert.is(get.code, 69);
  assert.match(get.stderr, 'Cannot reach the API server at https://127.0.0.1:1: connect ECONNREFUSED');
  const ports = String(await freeBase());
  const up = await selvedge('up', '--dir', join(folder, 'away-state'), '--ports', ports, '--kubeconfig', kubeconfig);
  assert.is(up.code, 69);
  assert.match(up.stderr, /Cannot start cloud: Cannot GET https:\/\/127\.0\.0\.1:1\/.*: connect ECONNREFUSED/);
});

test('credentials that the cluster does not know: exit code 78, and what to check', async () => {
  const kubeconfig = changedKubeconfig('stranger', ({ users }) => {
    for (const entry of users) entry.user = { token: 'wrong' };
  });
  const ports = String(await freeBase());
  const up = await selvedge(
    'up',
    '--dir',
    join(folder, 'stranger-state'),
    '--ports',
    ports,
    '--kubeconfig',
    kubeconfig,
  );
  assert.is(up.code, 78);
  assert.match(
    up.stderr,
    /Cannot start cloud: Cannot GET https:.*: Unauthorized; check the credentials in the kubeconfig/,
  );
});

test.run();
