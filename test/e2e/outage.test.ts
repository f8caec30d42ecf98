import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LinkProxy } from '../support/link-proxy.ts';
import { selvedge } from '../support/run.ts';
import { Running } from '../support/running.ts';
import { until } from '../support/until.ts';
import { Product } from './product.ts';
import { pump, pumpModel } from './pump.ts';

/** A second gateway joins through a cable that is cut: changes on both sides meanwhile are all there afterwards. */
const test = suite('outage');

const product = await Product.start();
const hub = new LinkProxy(product.base + 1);
const enrolment = new LinkProxy(product.base + 3);
const folder = mkdtempSync(join(tmpdir(), 'selvedge-join-'));
const port = product.base + 12;
let gateway: Running | undefined;
const local = (...args: string[]) => product.selvedge(...args, '--gateway', folder);

test.after(async () => {
  await gateway?.interrupt();
  hub.close();
  enrolment.close();
  await product.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('a second gateway joins with a token; a cloud that is away is said, and waited for', async () => {
  await hub.listen(port);
  await enrolment.listen(port + 2);
  enrolment.cut();
  const token = (await product.selvedge('token')).stdout.trim();
  const cloud = ['--cloud', `127.0.0.1:${port}`, '--token', token];
  const mqtt = ['--mqtt-port', String(product.base + 15)];
  gateway = Running.selvedge('join', '--dir', folder, ...cloud, '--node', 'edge-2', ...mqtt);
  await gateway.says(/not joined yet, trying again: Cannot join .*; is the cloud there\?/);
  enrolment.mend();
  await gateway.says(`gateway edge-2 runs, with its state in ${folder}; see \`selvedge status --dir ${folder}\``);
  await until(15_000, 'node', async () => /edge-2 +Ready/.test((await product.kubectl('get', 'nodes')).stdout));
});

test('it is joined once: the next call needs nothing but its directory', async () => {
  assert.is(await gateway?.interrupt(), 0);
  gateway = Running.selvedge('join', '--dir', folder);
  await gateway.says('gateway edge-2 runs');
  const status = async () => (await selvedge('status', '--dir', folder)).stdout;
  await until(15_000, 'connected', async () => /gateway edge-2: cloud \S+ connected/.test(await status()));
  assert.match(await status(), /nothing is wrong\n$/);
});

test('a device whose nodeName is moved is handed over', async () => {
  await until(10_000, 'ready', async () => (await product.condition('boiler', 'Ready')) === 'True/Ready');
  assert.is((await product.patch('boiler', 'replace', '/spec/nodeName', 'edge-2')).code, 0);
  await until(10_000, 'held by edge-2', async () => (await local('get', 'devices')).stdout.includes('boiler'));
  await until(10_000, 'ready', async () => (await product.condition('boiler', 'Ready')) === 'True/Ready');
  const first = await product.selvedge('get', 'devices', '--gateway', product.directory);
  assert.not.match(first.stdout, /boiler/);
});

test('while the cable is cut the gateway goes on, and takes local writes', async () => {
  hub.cut();
  const set = await local('set', 'boiler/burner', 'false');
  assert.is(set.code, 0, set.stderr);
  assert.is(await product.point('boiler', 'burner'), false);
});

test('changes made on both sides meanwhile are there after the link is back', async () => {
  assert.is((await product.apply(pumpModel())).code, 0);
  assert.is((await product.apply(pump({ plantPort: product.base + 10, node: 'edge-2' }))).code, 0);
  assert.is((await product.patch('boiler', 'replace', '/spec/properties/0/desired/value', '42')).code, 0);
  await product.turn('boiler', 'setpoint', 33);
  assert.is(await product.point('pump', 'speedSetpoint'), 1_450);
  hub.mend();
  await until(
    45_000,
    'new desired value on the register',
    async () => (await product.point('boiler', 'setpoint')) === 42,
  );
  await until(10_000, 'new device served', async () => (await product.point('pump', 'speedSetpoint')) === 900);
  await until(10_000, 'local write reported', async () => (await product.reported('boiler', 'burner')) === 'false');
  await until(10_000, 'synced', async () => (await product.condition('pump', 'Synced')) === 'True/Verified');
});

test('a device deleted while the cable is cut is served no more afterwards', async () => {
  hub.cut();
  assert.is((await product.kubectl('delete', 'device', 'pump')).code, 0);
  assert.match((await local('get', 'devices')).stdout, /pump/);
  hub.mend();
  await until(45_000, 'gone', async () => !(await local('get', 'devices')).stdout.includes('pump'));
});

test.run();
