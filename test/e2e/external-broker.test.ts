import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { onPath } from '../kube/real-api-server.ts';
import { freeBase } from '../support/free-ports.ts';
import { skip } from '../support/kubectl.ts';
import { run } from '../support/run.ts';
import { Running } from '../support/running.ts';
import { until } from '../support/until.ts';
import { Product } from './product.ts';

/** A gateway by itself, from its bundle, on a mosquitto that is not ours, as docs/configuration.md has it. */
const test = suite('external broker');

// Debian puts servers where a person's PATH may not look.
const mosquitto = onPath('mosquitto') ?? '/usr/sbin/mosquitto';
if (!existsSync(mosquitto) || onPath('mosquitto_sub') === undefined) {
  skip('no mosquitto and mosquitto_sub on PATH (Debian: apt-get install mosquitto mosquitto-clients)');
}

const directory = mkdtempSync(join(tmpdir(), 'selvedge-broker-'));
const at = (name: string) => join(directory, name);
const product = await Product.start();
const port = await freeBase();
const ended: (() => Promise<unknown>)[] = [];

test.after(async () => {
  for (const end of ended.reverse()) await end();
  await product.remove();
  rmSync(directory, { recursive: true, force: true });
});

test('a gateway that is given one serves its devices over it', async () => {
  writeFileSync(at('mosquitto.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const broker = new Running(mosquitto, ['-c', at('mosquitto.conf')]);
  ended.push(() => broker.interrupt());
  writeFileSync(at('token'), (await product.selvedge('token')).stdout, { mode: 0o600 });
  writeFileSync(at('gateway.json'), JSON.stringify({ externalBroker: `mqtt://127.0.0.1:${port}` }));
  const gateway = new Running(process.execPath, [
    ...['dist/gateway.mjs', '--dir', at('gateway'), '--node', 'edge-2', '--cloud', `127.0.0.1:${product.base + 1}`],
    ...['--token-file', at('token'), '--config', at('gateway.json')],
  ]);
  ended.push(() => gateway.interrupt());
  await gateway.says('cloud connected');

  const moved = await product.kubectl(
    'patch',
    'device',
    'boiler',
    '--type=merge',
    '-p',
    '{"spec":{"nodeName":"edge-2"}}',
  );
  assert.is(moved.code, 0, moved.stderr);
  await until(15_000, 'ready', async () => (await product.condition('boiler', 'Ready')) === 'True/Ready');
  assert.is((await product.selvedge('set', 'boiler/setpoint', '61')).code, 0);
  assert.is(await product.point('boiler', 'setpoint'), 61);
  const topic = 'selvedge/v1/mapper/modbus/state';
  const heard = await run('mosquitto_sub', ['-p', String(port), '-t', topic, '-C', '1', '-W', '5'], {});
  assert.is((JSON.parse(heard.stdout) as { state: string }).state, 'online');
});

test.run();
