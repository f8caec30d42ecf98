import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rejected } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import type { GatewayStatus, LocalDevice } from '@selvedge/contract/gateway-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LocalApi } from './server.ts';

const boiler: LocalDevice = {
  namespace: 'default',
  name: 'boiler',
  uid: 'u',
  generation: 1,
  protocol: 'modbus',
  state: 'online',
  health: { reason: 'Ready', message: '', since: 1 },
  properties: [{ name: 'setpoint' }],
};

const folder = mkdtempSync(join(tmpdir(), 'selvedge-api-'));
const path = join(folder, 'gateway.sock');
const written: string[] = [];
const api = new LocalApi({
  path,
  log: silentLogger,
  gateway: {
    status: () => ({ node: 'edge-1' }) as GatewayStatus,
    devices: () => [boiler],
    device: (device) => (device.name === 'boiler' ? boiler : undefined),
    write: (_, property, value) => {
      if (value === '95') throw rejected('AboveMaximum', 'Cannot write: 95 Cel is above maximum 80 Cel');
      written.push(`${property}=${value}`);
      return boiler;
    },
  },
});

function call(method: string, url: string, body?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: path, method, path: url }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const test = suite('local API');
test.before(() => api.start());
test.after(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

test('only its owner may open the socket', () => {
  assert.is(statSync(path).mode & 0o777, 0o600);
});

test('status, devices and one device are there', async () => {
  assert.equal(JSON.parse((await call('GET', '/v1/status')).body), { node: 'edge-1' });
  assert.equal(JSON.parse((await call('GET', '/v1/devices')).body), { items: [boiler] });
  assert.equal(JSON.parse((await call('GET', '/v1/devices/default/boiler')).body), boiler);
});

test('a write reaches the gateway, and one that is refused says why', async () => {
  const url = '/v1/devices/default/boiler/properties/setpoint';
  assert.is((await call('PUT', url, '{"value":"65"}')).status, 200);
  assert.equal(written, ['setpoint=65']);
  const refused = await call('PUT', url, '{"value":"95"}');
  assert.is(refused.status, 422);
  assert.match(refused.body, /above maximum 80 Cel/);
});

test('wrong requests get a status and a sentence', async () => {
  const near = await call('GET', '/v1/devices/default/boilre');
  assert.is(near.status, 404);
  assert.match(near.body, /did you mean \\"default\/boiler\\"\?/);
  const url = '/v1/devices/default/boiler/properties/setpoint';
  assert.is((await call('PUT', url, 'garbage')).status, 400);
  assert.is((await call('PUT', url, '{"value":65}')).status, 400);
  assert.is((await call('PUT', url, 'x'.repeat(10_000))).status, 413);
  assert.is((await call('POST', '/v1/devices')).status, 405);
  assert.is((await call('GET', '/v1/nothing')).status, 404);
  assert.is((await call('GET', '/v1/devices/%zz/x')).status, 400);
});

test('a watcher sees what there is, then each change', async () => {
  const lines: string[] = [];
  const outgoing = request({ socketPath: path, path: '/v1/watch' });
  outgoing.end();
  await new Promise<void>((resolve) => {
    outgoing.on('response', (response) => {
      response.on('data', (chunk: Buffer) => {
        lines.push(...chunk.toString().trim().split('\n'));
        if (lines.length === 1) api.changed({ ...boiler, generation: 2 });
        if (lines.length === 2) resolve();
      });
    });
  });
  outgoing.destroy();
  assert.equal(
    lines.map((line) => (JSON.parse(line) as LocalDevice).generation),
    [1, 2],
  );
});

test.run();
