import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { edgeObjectFrame, stateReportFrame, twinReportFrame } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CloudProcess, type Identity } from './testing/cloud-process.ts';
import { FakeGateway } from './testing/fake-gateway.ts';

const test = suite('cloud process');
const cloud = new CloudProcess();
const devices = '/apis/devices.kubeedge.io/v1beta1/namespaces/default/devices';
const models = '/apis/devices.kubeedge.io/v1beta1/namespaces/default/devicemodels';
const merge = 'application/merge-patch+json';
let identity: Identity;

const model = {
  apiVersion: 'devices.kubeedge.io/v1beta1',
  kind: 'DeviceModel',
  metadata: { name: 'boiler-model' },
  spec: {
    protocol: 'imaginary',
    properties: [
      {
        name: 'setpoint',
        type: 'FLOAT',
        minimum: '0',
        maximum: '80',
        unit: 'Cel',
        visitors: { configData: { at: 1 } },
      },
      { name: 'temperature', type: 'FLOAT', accessMode: 'ReadOnly', visitors: { configData: { at: 2 } } },
    ],
  },
};

const device = (name: string, desired = '60', node = 'edge-1') => ({
  apiVersion: 'devices.kubeedge.io/v1beta1',
  kind: 'Device',
  metadata: { name },
  spec: {
    deviceModelRef: { name: 'boiler-model' },
    nodeName: node,
    protocol: { protocolName: 'imaginary', configData: {} },
    properties: [{ name: 'setpoint', desired: { value: desired } }, { name: 'temperature' }],
  },
});

interface LiveDevice {
  readonly metadata: { readonly uid: string; readonly generation: number };
  readonly status?: {
    readonly nodeName?: string;
    readonly state?: string;
    readonly twins?: readonly { readonly propertyName: string; readonly reported?: { readonly value: string } }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  };
}

const connect = (held: Parameters<typeof FakeGateway.connect>[0]['held'], who: Identity = identity) =>
  FakeGateway.connect({ port: cloud.hubPort, ...who, ...(held ? { held } : {}) });

const live = async (name: string): Promise<LiveDevice> =>
  (await cloud.api('GET', `${devices}/${name}`)).body as unknown as LiveDevice;

const reasons = (object: LiveDevice): string =>
  (object.status?.conditions ?? [])
    .map((condition) => `${condition.type}=${condition.status}/${condition.reason}`)
    .join(' ');

async function eventually<Result>(what: string, look: () => Promise<Result | undefined | false>): Promise<Result> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within 5 s`);
    await pause(20);
  }
}

const heldBy = async (...names: string[]) =>
  await Promise.all(
    names.map(async (name) => {
      const { uid, generation } = (await live(name)).metadata;
      return { kind: 'device' as const, namespace: 'default', name, uid, generation };
    }),
  );

test.before(async () => {
  await cloud.start();
  identity = await cloud.enrol('edge-1');
});
test.after(() => cloud.remove());

test('a device and its model arrive at the gateway that is named, model first', async () => {
  const gateway = await connect([]);
  assert.is((await cloud.api('POST', models, model)).status, 201);
  assert.is((await cloud.api('POST', devices, device('boiler'))).status, 201);
  await gateway.object('insert', 'default/device/boiler');
  const order = gateway.frames
    .filter((frame) => frame.route.operation === 'insert')
    .map((frame) => frame.route.resource);
  assert.equal(order, ['default/devicemodel/boiler-model', 'default/device/boiler']);
  gateway.cut();
});

test('a desired value arrives, and reports about it reach the status and are confirmed', async () => {
  const gateway = await connect(await heldBy('boiler'));
  await pause(50);
  await cloud.api('PATCH', `${devices}/boiler`, device('boiler', '65'), merge);
  const frame = await gateway.object('update', 'default/device/boiler', 2);
  const { metadata, spec } = frame.content as ReturnType<typeof device> & LiveDevice;
  assert.is(spec.properties[0]?.desired?.value, '65');

  const now = Date.now();
  const ref = { namespace: 'default', name: 'boiler' };
  const state = stateReportFrame({ now }, ref, {
    timestamp: now,
    device: { name: 'boiler', state: 'online', lastOnlineTime: new Date(now).toISOString() },
    device_uid: metadata.uid,
    observed_generation: 2,
    health: { reason: 'Ready', message: 'the device answers', since: now },
  });
  const revision = { uid: metadata.uid, generation: 2, local: 0 };
  const twin = twinReportFrame({ now }, ref, {
    timestamp: now,
    device_uid: metadata.uid,
    observed_generation: 2,
    twin: {
      setpoint: {
        expected: { value: '65' },
        actual: { value: '65', metadata: { timestamp: now, quality: 'good' } },
        last_write: { revision, value: '65', origin: 'spec', phase: 'Verified', at: now, attempts: 1, readBack: '65' },
      },
    },
  });
  gateway.send(state);
  gateway.send(twin);
  await gateway.answerTo(state);
  await gateway.answerTo(twin);
  const after = await live('boiler');
  assert.is(after.status?.twins?.[0]?.reported?.value, '65');
  assert.is(after.status?.state, 'online');
  assert.is(reasons(after), 'Ready=True/Ready Synced=True/Verified');
  gateway.cut();
});

test('what changed while the gateway was away arrives when it is back: a value, a deletion, a new device', async () => {
  await cloud.api('POST', devices, device('doomed'));
  await cloud.api('POST', devices, device('still'));
  const first = await connect(await heldBy('boiler'));
  await first.object('insert', 'default/device/doomed');
  await first.object('insert', 'default/device/still');
  const held = await heldBy('boiler', 'doomed', 'still');
  first.cut();
  await pause(50);

  await cloud.api('PATCH', `${devices}/boiler`, device('boiler', '70'), merge);
  await cloud.api('DELETE', `${devices}/doomed`);
  await cloud.api('POST', devices, device('fresh'));

  const second = await connect(held);
  await second.object('update', 'default/device/boiler', 3);
  const gone = await second.object('delete', 'default/device/doomed');
  assert.is((gone.content as LiveDevice).metadata.uid, held[1]?.uid);
  await second.object('insert', 'default/device/fresh');
  await pause(100);
  assert.not.ok(
    second.frames.some((frame) => frame.route.resource === 'default/device/still'),
    'what is held is not sent',
  );
  second.cut();
});

test('the same holds over a restart of the cloud by kill -9', async () => {
  const held = await heldBy('boiler', 'still', 'fresh');
  await cloud.end('SIGKILL');
  await cloud.start();
  await cloud.api('PATCH', `${devices}/boiler`, device('boiler', '71'), merge);
  const gateway = await connect(held);
  await gateway.object('update', 'default/device/boiler', 4);
  gateway.cut();
});

test('a certificate speaks for its own node alone', async () => {
  try {
    await connect([], { ...identity, node: 'edge-2' });
    assert.unreachable('the handshake was accepted');
  } catch (error) {
    assert.is((error as Error).message, 'HTTP 403');
  }
});

test('garbage on the link is dropped and the session goes on; a frame over the bound ends it with 1009', async () => {
  const gateway = await connect(await heldBy('still'));
  for (const garbage of [
    '{',
    'null',
    '[]',
    '{"header":{}}',
    '\u0000\uffff',
    '{"header":{"msg_id":"x","timestamp":0}}',
  ]) {
    gateway.sendText(garbage);
  }
  gateway.sendText(Buffer.from([0xff, 0x00, 0x80]));
  const route = { source: 'twin', group: 'resource', operation: 'update', resource: 'default/nonsense/x' };
  gateway.send({ header: { msg_id: 'u', timestamp: 0 }, route });
  gateway.send({
    header: { msg_id: 'v', timestamp: 0 },
    route: { ...route, resource: 'device/default/still/twin/edge_updated' },
  });
  await gateway.object('insert', 'default/device/fresh');
  gateway.sendText(' '.repeat(5 * 1_048_576));
  assert.is(await gateway.closed(), 1009);
  const again = await connect(await heldBy('still'));
  await again.object('insert', 'default/device/fresh');
  again.cut();
});

test('a device moves only after the gateway that has it let go', async () => {
  const other = await cloud.enrol('edge-2');
  const from = await FakeGateway.connect({
    port: cloud.hubPort,
    ...identity,
    held: await heldBy('still'),
    acknowledges: false,
  });
  const to = await connect([], other);
  await pause(50);
  await cloud.api('PATCH', `${devices}/still`, { spec: { nodeName: 'edge-2' } }, merge);
  const release = await from.object('delete', 'default/device/still');
  await eventually('Moving', async () => reasons(await live('still')).includes('Ready=False/Moving'));
  assert.not.ok(to.frames.some((frame) => frame.route.resource === 'default/device/still'));
  from.send({
    header: { msg_id: 'a', parent_msg_id: release.header.msg_id, timestamp: 0 },
    route: { ...release.route, operation: 'response' },
    content: 'OK',
  });
  await to.object('insert', 'default/device/still');
  assert.is((await live('still')).status?.nodeName, 'edge-2');
  from.cut();
  to.cut();
});

test('the API refuses what cannot be written, in the words of kubectl, and warns of a model that is missing', async () => {
  const refused = await cloud.api('POST', devices, device('hot', '95'));
  assert.is(refused.status, 422);
  const text = String((refused.body as { message?: string }).message);
  assert.match(
    text,
    'Device.devices.kubeedge.io "hot" is invalid: spec.properties[0].desired.value: Invalid value: "95": 95 Cel',
  );
  const unknown = device('waits');
  unknown.spec.deviceModelRef.name = 'nowhere';
  const waiting = await cloud.api('POST', devices, unknown);
  assert.is(waiting.status, 201);
  assert.match(String(waiting.warnings), 'Device waits until DeviceModel');
  await eventually('NoModel', async () => reasons(await live('waits')).includes('Ready=False/NoModel'));
  await cloud.api('POST', models, { ...model, metadata: { name: 'nowhere' } });
  await eventually('goes on', async () => !reasons(await live('waits')).includes('NoModel'));
});

test('a node registers, renews its lease and patches its status; kubectl sees it as a node', async () => {
  const who = await cloud.enrol('edge-7');
  const gateway = await connect([], who);
  const ask = async (
    operation: 'insert' | 'patch' | 'update',
    kind: 'node' | 'nodepatch' | 'lease',
    content: unknown,
  ) => {
    const namespace = kind === 'lease' ? 'kube-node-lease' : undefined;
    const frame = edgeObjectFrame({ now: Date.now() }, operation, { kind, namespace, name: 'edge-7' }, content);
    gateway.send(frame);
    return (await gateway.answerTo(frame)).content as { Object: object; Err: { ErrStatus: { reason: string } } | null };
  };
  const node = { metadata: { name: 'edge-7', labels: { 'node-role.kubernetes.io/edge': '' } }, spec: {}, status: {} };
  assert.is((await ask('insert', 'node', node)).Err, null);
  assert.is((await ask('insert', 'node', node)).Err?.ErrStatus.reason, 'AlreadyExists');
  for (const status of ['True', 'False']) {
    const patch = { status: { conditions: [{ type: 'Ready', status, reason: 'x', message: '' }] } };
    assert.is((await ask('patch', 'nodepatch', JSON.stringify(patch))).Err, null);
  }
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: 'edge-7', leaseDurationSeconds: 40, renewTime };
  const lease = await ask('insert', 'lease', { metadata: { name: 'edge-7', namespace: 'kube-node-lease' }, spec });
  assert.is(lease.Err, null);
  assert.is((await ask('update', 'lease', lease.Object)).Err, null);
  const { body } = await cloud.api('GET', '/api/v1/nodes/edge-7');
  const { conditions } = (body as unknown as { status: { conditions: { status: string }[] } }).status;
  assert.equal(
    conditions.map((condition) => condition.status),
    ['False'],
  );
  gateway.cut();
});

test('a KubeEdge edge is understood: every frame that one was recorded to send, and answered where KubeEdge answers', async () => {
  const file = new URL('../packages/contract/vectors/kubeedge-link.jsonl', import.meta.url);
  const recorded = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const fromEdge = recorded
    .map((line) => JSON.parse(line) as { dir: string; frame?: LinkFrame })
    .filter(({ dir }) => dir === 'edge->cloud')
    .map(({ frame }) => frame)
    .filter((frame) => frame !== undefined);
  const gateway = await connect(undefined);
  await gateway.object('insert', 'default/device/fresh');
  const shape = gateway.frames.map(
    ({ route }) => `${route.source} ${route.group} ${route.operation} ${route.resource}`,
  );
  assert.is(shape[0], 'devicecontroller twin update membership');
  assert.ok(shape.includes('devicecontroller resource insert default/devicemodel/boiler-model'));
  const dropped = () => cloud.lines.filter(({ message }) => message.startsWith('frame')).length;
  const before = dropped();
  for (const frame of fromEdge) gateway.send(frame);
  const asked = fromEdge.filter(
    ({ route, header }) =>
      header.parent_msg_id === undefined &&
      /^(null\/node|kube-node-lease)|twin\/edge_updated|state\/update|membership\/detail/.test(route.resource ?? ''),
  );
  assert.ok(asked.length >= 8);
  for (const frame of asked) await gateway.answerTo(frame);
  assert.is(dropped(), before);
  gateway.cut();
});

test('it stops within 2 s when told to, with exit code 0', async () => {
  const gateway = await connect(await heldBy('fresh'));
  const started = performance.now();
  assert.is(await cloud.end('SIGTERM'), 0);
  assert.ok(performance.now() - started < 2_000);
  gateway.cut();
});

test.run();
