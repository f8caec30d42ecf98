import { millis, seconds } from '@selvedge/base/duration';
import { rejected } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { edgeObjectFrame } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import { type LinkMessage, readMessage } from '@selvedge/contract/link-message';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeFrames, type NodeStore } from './node-frames.ts';
import { NodeHealth, type NodeObject } from './node-health.ts';

const test = suite('nodes');

/** Remembers what was written; refuses what `refuse` says. */
function memoryStore(refuse: (call: string) => string | undefined = () => undefined) {
  const calls: string[] = [];
  const call = async (name: string, body: unknown): Promise<object> => {
    calls.push(`${name} ${JSON.stringify(body)}`);
    const reason = refuse(name);
    if (reason) throw rejected(reason, `Cannot ${name}`);
    return { metadata: { name: 'edge-1' } };
  };
  const store: NodeStore = {
    readNode: (name) => call('readNode', name),
    createNode: (node) => call('createNode', node),
    patchNodeStatus: (name, patch) => call('patchNodeStatus', [name, patch]),
    readLease: (name) => call('readLease', name),
    createLease: (lease) => call('createLease', lease),
    updateLease: (name, lease) => call('updateLease', [name, lease]),
    refusal: (error) => {
      const { code: reason } = error as { code?: string };
      return reason === undefined ? undefined : { reason, message: (error as Error).message, code: 409 };
    },
  };
  return { store, calls };
}

async function ask(
  store: NodeStore,
  operation: 'insert' | 'update' | 'patch' | 'query',
  kind: 'node' | 'nodepatch' | 'lease' | 'secret',
  content: unknown,
  name = 'edge-1',
) {
  const sent: LinkFrame[] = [];
  const renewed: string[] = [];
  const clock = new VirtualClock();
  const frames = new NodeFrames({ store, clock, log: silentLogger, onRenewed: (node) => renewed.push(node) });
  const frame = edgeObjectFrame({ now: 0 }, operation, { kind, namespace: undefined, name }, content);
  const message = readMessage(frame) as Extract<LinkMessage, { type: 'object' }>;
  frames.message({ node: 'edge-1', send: (answer) => sent.push(answer) }, message);
  await clock.advance(millis(1));
  const answer = sent[0];
  assert.is(answer?.header.parent_msg_id, frame.header.msg_id);
  assert.is(answer?.route.operation, 'response');
  assert.is(answer?.route.resource, frame.route.resource);
  return { content: answer?.content as { Object: unknown; Err: { ErrStatus: { reason: string } } | null }, renewed };
}

test('a node registers without a kind, under its own name whatever it says', async () => {
  const { store, calls } = memoryStore();
  const { content } = await ask(store, 'insert', 'node', { metadata: { name: 'other', managedFields: [] }, spec: {} });
  assert.equal(content, { Object: { metadata: { name: 'edge-1' } }, Err: null });
  assert.equal(calls, ['createNode {"metadata":{"name":"edge-1"},"spec":{}}']);
});

test('a refusal carries the API server’s reason, and the object that was sent', async () => {
  const { store } = memoryStore(() => 'AlreadyExists');
  const { content } = await ask(store, 'insert', 'node', { metadata: { name: 'edge-1' } });
  assert.is(content.Err?.ErrStatus.reason, 'AlreadyExists');
  assert.equal(content.Object, { metadata: { name: 'edge-1' } });
});

test('a patch that came as text reaches the status and nothing else', async () => {
  const { store, calls } = memoryStore();
  const patch = {
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
    metadata: { labels: { a: 'b' } },
    spec: {},
  };
  await ask(store, 'patch', 'nodepatch', JSON.stringify(patch));
  assert.equal(calls, [`patchNodeStatus ${JSON.stringify(['edge-1', { status: patch.status }])}`]);
});

test('a renewed lease is noticed; a node speaks for itself alone; what is not served is refused', async () => {
  const { store, calls } = memoryStore();
  assert.equal((await ask(store, 'update', 'lease', { metadata: {} })).renewed, ['edge-1']);
  assert.is((await ask(store, 'insert', 'node', {}, 'edge-2')).content.Err?.ErrStatus.reason, 'Forbidden');
  assert.ok((await ask(store, 'query', 'secret', null)).content.Err);
  for (const garbage of [null, 7, 'text', [], { status: 1 }])
    assert.ok(await ask(store, 'patch', 'nodepatch', garbage));
  assert.is(calls.length, 1);
});

test('a node whose lease is 40 s old becomes Unknown once, and one that renews stays as it is', async () => {
  const clock = new VirtualClock();
  const nodes: NodeObject[] = ['lost', 'fine'].map((name) => ({ metadata: { name } }));
  const patched: string[] = [];
  const health = new NodeHealth({
    nodes: () => nodes,
    clock,
    log: silentLogger,
    store: {
      readLease: async () => ({ spec: { renewTime: new Date(clock.now() - 50_000).toISOString() } }),
      patchNodeStatus: async (name) => {
        patched.push(name);
        nodes[0] = { metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
        return {};
      },
    },
  });
  health.start();
  for (let second = 0; second < 120; second += 10) {
    health.renewed('fine');
    await clock.advance(seconds(10));
    if (second < 30) assert.equal(patched, []);
  }
  assert.equal(patched, ['lost']);
  health.stop();
});

test('a lease that another replica renewed counts', async () => {
  const clock = new VirtualClock();
  const patched: string[] = [];
  const health = new NodeHealth({
    nodes: () => [{ metadata: { name: 'there' } }],
    clock,
    log: silentLogger,
    store: {
      readLease: async () => ({ spec: { renewTime: new Date(clock.now() - 1_000).toISOString() } }),
      patchNodeStatus: async (name) => {
        patched.push(name);
        return {};
      },
    },
  });
  health.start();
  await clock.advance(seconds(120));
  assert.equal(patched, []);
  health.stop();
});

test.run();
