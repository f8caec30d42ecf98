import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { RealClock } from '@selvedge/base/clock';
import { silentLogger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { certificatePem, createAuthority, createServerCertificate, privateKey } from '../enrolment/certificates.ts';
import { KubeApi } from './api.ts';
import { Informer, type KubeObject } from './informer.ts';

const test = suite('informer');
const clock = new RealClock();

/** A server of lists and watches that a test drives: says what it holds, cuts, refuses. */
async function fakeApi() {
  const authority = await createAuthority(clock.now());
  const server = await createServerCertificate(authority, ['127.0.0.1'], clock.now());
  const items = new Map<string, number>();
  const state = { version: 1, expired: false, lists: 0, watchesFrom: [] as string[] };
  const watches = new Set<ServerResponse>();
  const object = (name: string, version: number) => ({ metadata: { name, resourceVersion: String(version) } });
  const listener = createServer(
    { key: privateKey(server.key).export({ type: 'sec1', format: 'pem' }), cert: certificatePem(server.certificate) },
    (request, response) => {
      const url = new URL(request.url ?? '/', 'https://x');
      if (url.searchParams.get('watch') !== 'true') {
        state.lists++;
        const all = [...items].map(([name, version]) => object(name, version));
        // Two pages, to be followed.
        const half = url.searchParams.get('continue') ? all.slice(1) : all.slice(0, 1);
        const rest = all.length > 1 && !url.searchParams.get('continue') ? { continue: 'more' } : {};
        response.end(JSON.stringify({ metadata: { resourceVersion: String(state.version), ...rest }, items: half }));
        return;
      }
      state.watchesFrom.push(url.searchParams.get('resourceVersion') ?? '');
      if (state.expired) {
        state.expired = false;
        const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
        response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
        return;
      }
      response.flushHeaders();
      watches.add(response);
      response.on('close', () => watches.delete(response));
    },
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', () => resolve()));
  const { port } = listener.address() as AddressInfo;
  const tell = (text: string) => {
    for (const response of watches) response.write(text);
  };
  return {
    state,
    items,
    connection: {
      url: new URL(`https://127.0.0.1:${port}`),
      credentials: async () => ({ tls: { ca: certificatePem(authority.certificate) }, headers: {} }),
    },
    put(name: string) {
      const type = items.has(name) ? 'MODIFIED' : 'ADDED';
      items.set(name, ++state.version);
      const line = `${JSON.stringify({ type, object: object(name, state.version) })}\n`;
      // In two pieces: a line may be split anywhere.
      tell(line.slice(0, 20));
      tell(line.slice(20));
    },
    remove(name: string) {
      items.delete(name);
      tell(`${JSON.stringify({ type: 'DELETED', object: object(name, ++state.version) })}\n`);
    },
    tell,
    cut() {
      for (const response of watches) response.destroy();
    },
    watching: () => eventually(() => watches.size > 0),
    stop() {
      listener.close();
      listener.closeAllConnections();
    },
  };
}

async function eventually(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within 5 s: ${holds}`);
    await pause(5);
  }
}

async function withInformer(
  run: (api: Awaited<ReturnType<typeof fakeApi>>, informer: Informer<KubeObject>, changes: string[]) => Promise<void>,
) {
  const server = await fakeApi();
  server.items.set('a', 1).set('b', 1);
  const api = new KubeApi({ connection: server.connection, clock });
  const changes: string[] = [];
  const informer = new Informer<KubeObject>({
    api,
    path: '/things',
    clock,
    random: seededRandom(1),
    log: silentLogger,
    onChange: (key, item, before) => changes.push(`${item ? (before ? '~' : '+') : '-'}${key}`),
  });
  try {
    await informer.start();
    await server.watching();
    await run(server, informer, changes);
  } finally {
    await informer.stop();
    api.stop();
    server.stop();
  }
}

test('lists page by page, then follows', () =>
  withInformer(async (server, informer, changes) => {
    server.put('c');
    server.put('a');
    server.remove('b');
    await eventually(() => changes.length === 5);
    assert.equal(changes, ['+a', '+b', '+c', '~a', '-b']);
    assert.equal([...informer.items.keys()].sort(), ['a', 'c']);
    assert.is(server.state.lists, 2, 'two pages of one list');
  }));

test('a watch that is cut is resumed from where it was', () =>
  withInformer(async (server, _, changes) => {
    server.put('c');
    await eventually(() => changes.includes('+c'));
    const version = String(server.state.version);
    server.cut();
    await eventually(() => server.state.watchesFrom.length === 2);
    assert.is(server.state.watchesFrom[1], version);
    await server.watching();
    server.put('d');
    await eventually(() => changes.includes('+d'));
    assert.is(server.state.lists, 2);
  }));

test('a version that is too old is listed anew, and what was missed is told as changes', () =>
  withInformer(async (server, informer, changes) => {
    server.state.expired = true;
    server.items.delete('a');
    server.items.set('b', 7);
    server.items.set('e', 8);
    server.state.version = 8;
    server.cut();
    await eventually(() => changes.includes('-a'));
    assert.equal(changes.slice(2).sort(), ['+e', '-a', '~b']);
    assert.equal([...informer.items.keys()].sort(), ['b', 'e']);
  }));

test('garbage in a watch is not the end: it is opened again', () =>
  withInformer(async (server, _, changes) => {
    server.tell('this is no JSON\n');
    await eventually(() => server.state.watchesFrom.length >= 2);
    await server.watching();
    server.put('c');
    await eventually(() => changes.includes('+c'));
  }));

test.run();
