import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Asked, choose, remembered } from './choices.ts';
import { Home, type HomeMark } from './home.ts';
import { defaultPorts, parsePorts } from './ports.ts';

const test = suite('choices of a start');
const folder = mkdtempSync(join(tmpdir(), 'selvedge-choices-'));
const home = new Home(join(folder, 'state'));
const kubeconfig = join(folder, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://192.0.2.1:6443/' } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }),
);
const fresh: HomeMark = { format: 1, kind: 'up' };
/** A second start that is asked for nothing, after a first one that was. */
const again = (first: Asked, second: Asked = {}) =>
  choose(home, { ...fresh, settings: remembered(choose(home, fresh, first)) }, second);

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('nothing asked, nothing remembered: the ports that people know, the default plant, the embedded API server', () => {
  assert.equal(choose(home, fresh, {}), { ports: defaultPorts });
});

test('a second start uses what the first one was asked for, unless it is asked for something else', () => {
  const ports = parsePorts('20000');
  assert.equal(again({ ports, plant: 'tank.yaml' }), { ports, plantFile: resolve('tank.yaml') });
  assert.equal(again({ plant: false }), { ports: defaultPorts, plantFile: false });
  assert.equal(again({ plant: false, ports }, { plant: '/tank.yaml' }), { ports, plantFile: '/tank.yaml' });
  assert.is(again({ kubeconfig }).cluster?.access.server, 'https://192.0.2.1:6443');
});

test('a directory stands on the cluster that it began with', () => {
  assert.throws(
    () => again({}, { kubeconfig }),
    /belongs to the embedded API server; name another directory with --dir, or begin anew with --reset/,
  );
});

test.run();
