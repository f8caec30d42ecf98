import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stateReportFrame } from '@selvedge/contract/link-build';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { findKubePrograms, type RealApiServer, startRealApiServer } from '../test/kube/real-api-server.ts';
import { LinkProxy } from '../test/support/link-proxy.ts';
import { CloudProcess } from './testing/cloud-process.ts';
import { FakeGateway } from './testing/fake-gateway.ts';

/** The API server of a real cluster is away for a while: gateways stay, and nothing that happened meanwhile is lost. */
const test = suite('a cluster that is away');
const found = findKubePrograms();
const group = '/apis/devices.kubeedge.io/v1beta1/namespaces/default';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const file = (name: string) => parse(readFileSync(new URL(`../crds/${name}`, import.meta.url), 'utf8'));

if ('missing' in found) {
  test('cannot run here', () => {
    console.log(`skipped: ${found.missing}`);
    assert.not(process.env.CI, 'a real API server is there in CI');
  });
} else {
  let real: RealApiServer;
  let cluster: LinkProxy;
  let cloud: CloudProcess;
  /** Somebody else, who reaches the API server all the while. */
  let operator: CloudProcess;

  test.before(async () => {
    real = await startRealApiServer(found.programs);
    const url = new URL(real.url);
    cluster = new LinkProxy(Number(url.port));
    const port = await cluster.listen(0);
    const kubeconfig = join(real.directory, 'kubeconfig-proxied');
    writeFileSync(kubeconfig, readFileSync(real.kubeconfig, 'utf8').replace(real.url, `https://127.0.0.1:${port}`));
    operator = new CloudProcess(real.kubeconfig);
    cloud = new CloudProcess(kubeconfig);
    for (const name of ['devicemodels.yaml', 'devices.yaml']) {
      const definition = file(name);
      await operator.api('POST', definitions, definition);
      const path = `${definitions}/${definition.metadata.name}`;
      while (!JSON.stringify((await operator.api('GET', path)).body).includes('"type":"Established"')) await pause(50);
    }
    await cloud.start();
  });
  test.after(async () => {
    await cloud?.remove();
    await operator?.remove();
    cluster?.close();
    await real?.stop();
  });

  test('what an operator changes meanwhile arrives afterwards, and what a gateway reports is stored, then confirmed', async () => {
    const gateway = await FakeGateway.connect({ port: cloud.hubPort, ...(await cloud.enrol('edge-1')), held: [] });
    await operator.api('POST', `${group}/devicemodels`, file('samples/kubeedge-v1beta1-model.yaml'));
    const device = file('samples/kubeedge-v1beta1-device.yaml');
    device.spec.nodeName = 'edge-1';
    const { name } = device.metadata;
    await operator.api('POST', `${group}/devices`, device);
    const frame = await gateway.object('insert', `default/device/${name}`);
    const { uid } = (frame.content as { metadata: { uid: string } }).metadata;

    cluster.cut();
    const value = [{ op: 'add', path: '/spec/properties/0/desired', value: { value: '23' } }];
    const patched = await operator.api('PATCH', `${group}/devices/${name}`, value, 'application/json-patch+json');
    assert.is(patched.status, 200, JSON.stringify(patched.body));
    const report = stateReportFrame(
      { now: Date.now() },
      { namespace: 'default', name },
      {
        timestamp: Date.now(),
        device: { name, state: 'online', lastOnlineTime: '' },
        device_uid: uid,
        observed_generation: 1,
      },
    );
    gateway.send(report);
    while (!cloud.lines.some(({ message }) => message === 'status not written')) await pause(20);
    assert.not(gateway.frames.some(({ header }) => header.parent_msg_id === report.header.msg_id));

    cluster.mend();
    const generation = (patched.body as unknown as { metadata: { generation: number } }).metadata.generation;
    await gateway.receive(
      'the new desired value',
      ({ content }) =>
        (content as { metadata?: { generation?: number } } | undefined)?.metadata?.generation === generation,
      30_000,
    );
    await gateway.receive('confirmation', ({ header }) => header.parent_msg_id === report.header.msg_id, 30_000);
    const { body } = await operator.api('GET', `${group}/devices/${name}`);
    assert.is((body as unknown as { status: { state: string } }).status.state, 'online');
    gateway.cut();
  });
}

test.run();
