import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root, run } from '../support/run.ts';
import { until } from '../support/until.ts';
import { Product } from './product.ts';
import { verdict } from './verdict.ts';

/** The loop with real processes and real kubectl, as `npm start` runs it. */
const test = suite('the loop');

const product = await Product.start();

test.after(() => product.remove());

test('the sample device is read, ready and in step, in columns that say so', async () => {
  await until(10_000, 'ready', async () => (await product.condition('boiler', 'Ready')) === 'True/Ready');
  const { stdout } = await product.kubectl('get', 'devices');
  assert.match(stdout, /^NAME +NODE +PROTOCOL +STATE +READY +SYNCED +AGE\nboiler +edge-1 +modbus +online +True/);
  const nodes = await product.kubectl('get', 'nodes');
  assert.match(nodes.stdout, /edge-1 +Ready/);
});

test('kubectl edit moves the register, and kubectl wait sees it done', async () => {
  const editor = join(product.directory, 'editor.sh');
  writeFileSync(editor, `#!/bin/sh\nsed -i '0,/value: "60"/s//value: "65"/' "$1"\n`, { mode: 0o755 });
  const edited = await run('kubectl', ['edit', 'device', 'boiler'], { ...product.kubectlEnv, EDITOR: editor });
  assert.is(edited.code, 0, edited.stderr);
  const waited = await product.kubectl('wait', '--for=condition=Synced', 'device/boiler', '--timeout=10s');
  assert.is(waited.code, 0, waited.stderr);
  assert.is(await product.point('boiler', 'setpoint'), 65);
  await until(5_000, 'reported', async () => (await product.reported('boiler', 'setpoint')) === '65');
});

test('the water follows its set-point, and the status follows the water', async () => {
  const before = Number(await product.reported('boiler', 'temperature'));
  await until(10_000, 'warmer', async () => Number(await product.reported('boiler', 'temperature')) > before + 1);
});

test('a value that the model refuses is refused in words, and moves nothing', async () => {
  const change = () => product.patch('boiler', 'replace', '/spec/properties/0/desired/value', '95');
  const said = await verdict(product, 'boiler', change);
  assert.match(said, '95 Cel is above maximum 80 Cel; change the desired value or the model');
  assert.is(await product.point('boiler', 'setpoint'), 65);
});

test('selvedge set, get, status and logs do the same without kubectl', async () => {
  const set = await product.selvedge('set', 'boiler/setpoint', '70');
  assert.is(set.code, 0, set.stderr);
  assert.match(set.stdout, /boiler\/setpoint is 70 \(verified\)/);
  assert.is(await product.point('boiler', 'setpoint'), 70);
  assert.match((await product.selvedge('get', 'device', 'boiler')).stdout, /setpoint +70 +70 +good/);
  const wrong = await product.selvedge('get', 'device', 'bioler');
  assert.is(wrong.code, 78);
  assert.match(wrong.stderr, /did you mean "boiler"\?/);
  const status = await product.selvedge('status');
  assert.match(status.stdout, /cloud +Running/);
  assert.match(status.stdout, /modbus +Running/);
  assert.match((await product.selvedge('logs', 'cloud')).stdout, /gateway connected/);
});

test('a knob turned by hand shows as drift, and an enforced value is written back', async () => {
  await product.turn('boiler', 'setpoint', 50);
  await until(5_000, 'drifted', async () => (await product.condition('boiler', 'Synced')) === 'False/Drifted');
  assert.is((await product.patch('boiler', 'add', '/spec/properties/0/enforce', true)).code, 0);
  await until(5_000, 'enforced', async () => (await product.point('boiler', 'setpoint')) === 70);
});

test('manifests written for KubeEdge apply unchanged, and the device is served', async () => {
  const applied = await product.kubectl('apply', '-f', join(root, 'crds/samples'));
  assert.is(applied.code, 0, applied.stderr);
  const port = String(product.base + 10);
  assert.is((await product.patch('thermostat', 'replace', '/spec/protocol/configData/port', port)).code, 0);
  await until(5_000, 'ready', async () => (await product.condition('thermostat', 'Ready')) === 'True/Ready');
  await until(5_000, 'written', async () => (await product.condition('thermostat', 'Synced')) === 'True/Verified');
});

test('a device that is deleted is served no more', async () => {
  assert.is((await product.kubectl('delete', 'device', 'thermostat')).code, 0);
  await until(
    5_000,
    'gone',
    async () =>
      !(await product.selvedge('get', 'devices', '--gateway', product.directory)).stdout.includes('thermostat'),
  );
});

test('describe tells what happened, one event for each change', async () => {
  const { stdout } = await product.kubectl('describe', 'device', 'boiler');
  assert.match(stdout, /DeviceOnline/);
  assert.match(stdout, /Drifted/);
  assert.ok(stdout.split('\n').filter((line) => /^ {2}(Normal|Warning) /.test(line)).length < 12);
});

test.run();
