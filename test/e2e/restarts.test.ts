import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isAlive } from '../support/process-tree.ts';
import { until } from '../support/until.ts';
import { Product } from './product.ts';

/** Killed processes, restarts and Ctrl-C: state resumes, and nothing is left behind. */
const test = suite('restarts');

const product = await Product.start();
const ready = async () => (await product.condition('boiler', 'Ready')) === 'True/Ready';
const synced = async () => (await product.condition('boiler', 'Synced')) === 'True/Verified';
const timestamp = async () => {
  const path = '{.status.twins[?(@.propertyName=="temperature")].reported.metadata.timestamp}';
  return Number(await product.jsonPath('boiler', path));
};
const attempts = () => product.jsonPath('boiler', '{.status.twins[?(@.propertyName=="setpoint")].lastWrite.attempts}');

test.after(() => product.remove());

test('before anything is killed the device is ready and in step', async () => {
  await until(10_000, 'ready', ready);
  await until(10_000, 'synced', synced);
});

for (const name of ['gateway', 'cloud', 'hil-sim']) {
  test(`kill -9 of ${name}: fresh samples come again, and nothing is written twice`, async () => {
    const before = await attempts();
    const pid = product.pid(name);
    const killedAt = Date.now();
    process.kill(pid, 'SIGKILL');
    await until(10_000, 'restarted', async () => product.pid(name) !== pid);
    await until(30_000, 'fresh sample', async () => (await timestamp()) > killedAt + 500);
    await until(10_000, 'ready', ready);
    // A plant that is killed forgets what it had not saved yet, as a PLC without a battery does: that is drift, and shown so.
    if (name !== 'hil-sim') await until(10_000, 'synced', synced);
    assert.is(await attempts(), before);
    assert.is((await product.selvedge('set', 'boiler/setpoint', String(50 + name.length))).code, 0);
    assert.is(await product.point('boiler', 'setpoint'), 50 + name.length);
  });
}

test('a plant that falls silent: no value counts as good, and what is desired meanwhile waits and is written', async () => {
  const plant = product.pid('hil-sim');
  process.kill(plant, 'SIGSTOP');
  try {
    const unreachable = async () => (await product.condition('boiler', 'Ready')) === 'False/DeviceUnreachable';
    await until(20_000, 'unreachable', unreachable);
    const qualities = async () =>
      new Set((await product.jsonPath('boiler', '{.status.twins[*].reported.quality}')).split(' '));
    await until(5_000, 'every value is bad', async () => [...(await qualities())].join() === 'bad');
    const { code } = await product.kubectl(
      ...['patch', 'device', 'boiler', '--type=json', '-p'],
      '[{"op":"replace","path":"/spec/properties/0/desired/value","value":"44"}]',
    );
    assert.is(code, 0);
    await until(10_000, 'waits', async () => (await product.condition('boiler', 'Synced')) === 'False/Pending');
  } finally {
    process.kill(plant, 'SIGCONT');
  }
  await until(20_000, 'synced', synced);
  assert.is(await product.point('boiler', 'setpoint'), 44);
});

test('kill -9 of selvedge itself: all that it started ends by itself, and the next start resumes', async () => {
  const family = product.family();
  await product.kill();
  await until(20_000, 'all have ended', async () => !family.some(isAlive));
  await product.start();
  await until(10_000, 'ready', ready);
  assert.is(await product.point('boiler', 'setpoint'), 44);
});

test('Ctrl-C stops everything and leaves no process behind', async () => {
  const family = product.family();
  assert.is.not(family.length, 0);
  assert.is(await product.stop(), 0);
  assert.equal(family.filter(isAlive), []);
});

test('a second start resumes the same state', async () => {
  await product.start();
  await until(10_000, 'ready', ready);
  await until(10_000, 'synced', synced);
  assert.is(await product.point('boiler', 'setpoint'), 44);
});

test('a second product in the same directory is refused with the reason', async () => {
  const second = await product.selvedge('up', '--ports', String(product.base));
  assert.is.not(second.code, 0);
  assert.match(second.stderr, /pid \d+/);
});

test.run();
