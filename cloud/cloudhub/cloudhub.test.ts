import { Agent } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { seconds } from '@selvedge/base/duration';
import { type Logger, silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { nodeCommonName } from '@selvedge/contract/enrolment';
import { ackFrame, errorFrame, keepaliveFrame } from '@selvedge/contract/link-build';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { Authority } from '../enrolment/authority.ts';
import { keyPem, pem } from '../testing/enrol.ts';
import { FakeGateway } from '../testing/fake-gateway.ts';
import { signingRequest } from '../testing/signing-request.ts';
import { CloudHub } from './cloudhub.ts';
import type { LinkedObject } from './outbox.ts';

const test = suite('cloudhub');

const boiler = (generation: number): LinkedObject => ({
  kind: 'device',
  namespace: 'default',
  name: 'boiler',
  uid: 'u',
  generation,
  content: { metadata: { name: 'boiler', resourceVersion: '1' } },
});

async function arrange(options: { nodeLimit?: number } = {}) {
  const clock = new VirtualClock(Date.now());
  const secrets = new Map<string, ReadonlyMap<string, Buffer>>();
  const store = {
    read: async (name: string) => secrets.get(name),
    create: async (name: string, data: ReadonlyMap<string, Buffer>) => void secrets.set(name, data) === undefined,
    update: async (name: string, data: ReadonlyMap<string, Buffer>) => void secrets.set(name, data),
  };
  const authority = await Authority.open({ store, clock, hosts: ['127.0.0.1'] });
  const said: string[] = [];
  const warned: string[] = [];
  const log: Logger = { ...silentLogger, warn: (message) => void warned.push(message), child: () => log };
  const hub = new CloudHub({
    tls: authority.tls,
    host: '127.0.0.1',
    port: 0,
    nodeLimit: options.nodeLimit ?? 10,
    clock,
    log,
    events: {
      ready: (session) => said.push(`ready ${session.node}`),
      closed: (session, reason) => said.push(`closed ${session.node}: ${reason}`),
      settled: (_, ref) => said.push(`settled ${ref.name}`),
      message: (_, message) => said.push(message.type),
    },
  });
  await hub.start();
  const identity = async (node: string) => {
    const { der, key } = signingRequest(nodeCommonName(node));
    const cert = pem(await authority.issue(node, der));
    return { port: hub.port, node, ca: authority.tls.ca, cert, key: keyPem(key) };
  };
  return { clock, hub, said, warned, identity };
}

/** Lets sockets of this process talk while the hub's own clock stands still. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within 5 s: ${holds}`);
    await pause(2);
  }
}

test('a gateway without keepalive for 30 s is cut off, one with keepalives stays', async () => {
  const { clock, hub, said, identity } = await arrange();
  const quiet = await FakeGateway.connect({ ...(await identity('quiet')), held: [] });
  const lively = await FakeGateway.connect({ ...(await identity('lively')), held: [] });
  await until(() => said.length === 2);
  const closed = quiet.closed();
  for (let second = 0; second < 45; second += 15) {
    await clock.advance(seconds(15));
    const before = hub.lastSeen('lively');
    lively.send(keepaliveFrame({ now: 0 }));
    await until(() => hub.lastSeen('lively') !== before || hub.sessions.size === 0);
  }
  assert.is(await closed, 1001);
  assert.equal([...hub.sessions.keys()], ['lively']);
  assert.ok(said.some((text) => text.startsWith('closed quiet: no keepalive for 30 s')));
  lively.cut();
  await hub.stop();
});

test('a newer session of a node ends the older one', async () => {
  const { hub, said, identity } = await arrange();
  const who = await identity('edge-1');
  const older = await FakeGateway.connect({ ...who, held: [] });
  const closed = older.closed();
  const newer = await FakeGateway.connect({ ...who, held: [] });
  assert.is(await closed, 4001);
  await until(() => said.filter((text) => text === 'ready edge-1').length === 2);
  assert.is(hub.sessions.size, 1);
  hub.sessions.get('edge-1')?.put(boiler(1));
  await newer.object('insert', 'default/device/boiler');
  newer.cut();
  await hub.stop();
});

test('a node whose sessions end each other is told of, one that comes back once is not', async () => {
  const { clock, hub, said, warned, identity } = await arrange();
  const who = await identity('edge-1');
  const connect = async () => {
    const count = said.length;
    const gateway = await FakeGateway.connect({ ...who, held: [] });
    await until(() => said.slice(count).includes('ready edge-1'));
    return gateway;
  };
  await connect();
  await connect();
  assert.equal(warned, []);
  // Past the minute, with a session that was heard of all the time.
  let last = await connect();
  assert.equal(warned, ['a newer session ends a live one']);
  for (let second = 0; second < 75; second += 15) {
    const before = hub.lastSeen('edge-1');
    await clock.advance(seconds(15));
    last.send(keepaliveFrame({ now: 0 }));
    await until(() => hub.lastSeen('edge-1') !== before);
  }
  last = await connect();
  assert.equal(warned, ['a newer session ends a live one']);
  last.cut();
  await hub.stop();
});

test('an object goes out again after 5 s, also when the gateway says that it could not take it', async () => {
  const { clock, hub, said, identity } = await arrange();
  const gateway = await FakeGateway.connect({ ...(await identity('edge-1')), held: [], acknowledges: false });
  await until(() => said.length === 1);
  hub.sessions.get('edge-1')?.put(boiler(1));
  const first = await gateway.object('insert', 'default/device/boiler');
  gateway.send(errorFrame({ now: 0 }, first, 'disk full'));
  await clock.advance(seconds(5));
  await until(() => gateway.frames.length === 2);
  assert.equal(gateway.frames[1], first, 'the identical frame');
  gateway.send(ackFrame({ now: 0 }, first));
  await until(() => said.includes('settled boiler'));
  gateway.cut();
  await hub.stop();
});

test('one of ours that does not say what it holds is served after 5 s all the same', async () => {
  const { clock, hub, said, identity } = await arrange();
  const who = await identity('edge-1');
  const headers = { node_id: 'edge-1', 'x-selvedge-link': '1' };
  const socket = new WebSocket(`wss://127.0.0.1:${hub.port}/`, { ca: who.ca, cert: who.cert, key: who.key, headers });
  await new Promise((resolve) => socket.once('open', resolve));
  await until(() => hub.sessions.size === 1);
  assert.equal(said, []);
  await clock.advance(seconds(5));
  assert.equal(said, ['ready edge-1']);
  socket.terminate();
  await hub.stop();
});

test('refuses a stranger’s certificate, another node’s name, and more gateways than the limit', async () => {
  const { hub, said, identity } = await arrange({ nodeLimit: 1 });
  const refusal = async (options: Parameters<typeof FakeGateway.connect>[0]) => {
    try {
      (await FakeGateway.connect(options)).cut();
      return 'accepted';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const mine = await identity('edge-1');
  const { identity: foreignIdentity, hub: foreign } = await arrange();
  const stranger = await foreignIdentity('edge-1');
  await foreign.stop();
  assert.is.not(await refusal({ ...mine, cert: stranger.cert, key: stranger.key }), 'accepted');
  assert.is(await refusal({ ...mine, node: 'edge-2' }), 'HTTP 403');
  assert.is(await refusal({ ...mine, node: 'no name at all' }), 'HTTP 400');
  const gateway = await FakeGateway.connect({ ...mine, held: [] });
  assert.is(await refusal(await identity('edge-2')), 'HTTP 503');
  await until(() => said.length === 1);
  assert.equal(said, ['ready edge-1'], 'none of them reached a controller');
  gateway.cut();
  await hub.stop();
});

test('a gateway that resumes its TLS session is still known by its certificate', async () => {
  const { hub, identity } = await arrange();
  const who = await identity('edge-1');
  const agent = new Agent({ maxCachedSessions: 10 });
  for (let attempt = 0; attempt < 3; attempt++) {
    const headers = { node_id: 'edge-1' };
    const socket = new WebSocket(`wss://127.0.0.1:${hub.port}/`, {
      ca: who.ca,
      cert: who.cert,
      key: who.key,
      headers,
      agent,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    await pause(20);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.close();
    await closed;
  }
  agent.destroy();
  await hub.stop();
});

test.run();
