import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { edgeObjectFrame, stateReportFrame } from '@selvedge/contract/link-build';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { findKubePrograms, type RealApiServer, startRealApiServer } from '../test/kube/real-api-server.ts';
import { CloudProcess } from './testing/cloud-process.ts';
import { FakeGateway } from './testing/fake-gateway.ts';

const test = suite('cloud on a real API server');
const found = findKubePrograms();
const group = '/apis/devices.kubeedge.io/v1beta1/namespaces/default';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
let real: RealApiServer;
let cloud: CloudProcess;

async function eventually<Result>(what: string, look: () => Promise<Result | undefined | false>): Promise<Result> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const result = await look();
    if (result) return result;
    if (performance.now() > deadline) throw new Error(`${what}: not within 10 s`);
    await pause(50);
  }
}

const sample = (file: string) => parse(readFileSync(new URL(`../crds/${file}`, import.meta.url), 'utf8'));

if ('missing' in found) {
  test('cannot run here', () => {
    console.log(`skipped: ${found.missing}`);
    assert.not(process.env.CI, 'a real API server is there in CI');
  });
} else {
  test.before(async () => {
    real = await startRealApiServer(found.programs);
    cloud = new CloudProcess(real.kubeconfig);
  });
  test.after(async () => {
    await cloud?.remove();
    await real?.stop();
  });

  test('says what is missing when the kinds are not installed, with exit code 78', async () => {
    try {
      await cloud.start();
      assert.unreachable('it started without the kinds');
    } catch (error) {
      assert.match((error as Error).message, 'ended with 78');
    }
  });

  test('delivers, and writes what is reported', async () => {
    for (const file of ['devicemodels.yaml', 'devices.yaml']) {
      const definition = sample(file);
      assert.is((await cloud.api('POST', definitions, definition)).status, 201);
      await eventually('established', async () => {
        const { body } = await cloud.api('GET', `${definitions}/${definition.metadata.name}`);
        return JSON.stringify(body).includes('"type":"Established"');
      });
    }
    await cloud.start();
    const identity = await cloud.enrol('edge-1');
    const gateway = await FakeGateway.connect({ port: cloud.hubPort, ...identity, held: [] });
    const model = sample('samples/kubeedge-v1beta1-model.yaml');
    const device = sample('samples/kubeedge-v1beta1-device.yaml');
    device.spec.nodeName = 'edge-1';
    assert.is((await cloud.api('POST', `${group}/devicemodels`, model)).status, 201);
    assert.is((await cloud.api('POST', `${group}/devices`, device)).status, 201);
    const { name } = device.metadata;
    const frame = await gateway.object('insert', `default/device/${name}`);
    const { uid } = (frame.content as { metadata: { uid: string } }).metadata;
    const report = stateReportFrame(
      { now: Date.now() },
      { namespace: 'default', name },
      {
        timestamp: Date.now(),
        device: { name, state: 'online', lastOnlineTime: new Date().toISOString() },
        device_uid: uid,
        observed_generation: 1,
        health: { reason: 'Ready', message: 'the device answers', since: 0 },
      },
    );
    gateway.send(report);
    await gateway.answerTo(report);
    const { body } = await cloud.api('GET', `${group}/devices/${name}`);
    const { status } = body as unknown as { status: { state: string; conditions: { type: string; status: string }[] } };
    assert.is(status.state, 'online');
    assert.is(status.conditions.find((condition) => condition.type === 'Ready')?.status, 'True');
    await eventually('event', async () =>
      JSON.stringify((await cloud.api('GET', '/api/v1/namespaces/default/events')).body).includes('DeviceOnline'),
    );
    gateway.cut();
  });

  test('registers a node as EdgeCore does: node, lease, status patch; a second registration says AlreadyExists', async () => {
    const identity = await cloud.enrol('edge-7');
    const gateway = await FakeGateway.connect({ port: cloud.hubPort, ...identity });
    const ask = async (
      operation: 'insert' | 'update' | 'patch' | 'query',
      kind: 'node' | 'nodepatch' | 'lease',
      content: unknown,
    ) => {
      const namespace = kind === 'lease' ? 'kube-node-lease' : undefined;
      const frame = edgeObjectFrame({ now: Date.now() }, operation, { kind, namespace, name: 'edge-7' }, content);
      gateway.send(frame);
      return (await gateway.answerTo(frame)).content as {
        Object: {
          metadata: Record<string, unknown>;
          spec: Record<string, unknown>;
          status?: { conditions?: unknown[] };
        };
        Err: { ErrStatus: { reason: string; code: number } } | null;
      };
    };
    assert.is((await ask('query', 'lease', null)).Err?.ErrStatus.reason, 'NotFound');
    const node = { metadata: { name: 'edge-7', labels: { 'node-role.kubernetes.io/edge': '' } }, spec: {}, status: {} };
    assert.is((await ask('insert', 'node', node)).Err, null);
    const again = await ask('insert', 'node', node);
    assert.is(again.Err?.ErrStatus.reason, 'AlreadyExists');
    assert.is(again.Err?.ErrStatus.code, 409);
    const condition = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', lastHeartbeatTime: null };
    const patched = await ask('patch', 'nodepatch', JSON.stringify({ status: { conditions: [condition] } }));
    assert.is(patched.Object.status?.conditions?.length, 1);
    const spec = {
      holderIdentity: 'edge-7',
      leaseDurationSeconds: 40,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    };
    const lease = { metadata: { name: 'edge-7', namespace: 'kube-node-lease' }, spec };
    const created = await ask('insert', 'lease', lease);
    assert.is(created.Err, null);
    assert.is((await ask('update', 'lease', created.Object)).Err, null);
    assert.is((await ask('query', 'lease', null)).Object.spec.holderIdentity, 'edge-7');
    gateway.cut();
  });

  test('takes from the gateway what was deleted, and stops with exit code 0', async () => {
    const identity = await cloud.enrol('edge-1');
    const gateway = await FakeGateway.connect({ port: cloud.hubPort, ...identity, held: [] });
    const { metadata } = sample('samples/kubeedge-v1beta1-device.yaml');
    await gateway.object('insert', `default/device/${metadata.name}`);
    await cloud.api('DELETE', `${group}/devices/${metadata.name}`);
    await gateway.object('delete', `default/device/${metadata.name}`);
    gateway.cut();
    assert.is(await cloud.end(), 0);
  });
}

test.run();
