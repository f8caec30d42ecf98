import { RealClock } from '@selvedge/base/clock';
import { configError } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { enrolmentPortOffset, parseToken } from '@selvedge/contract/enrolment';
import { deviceObjectFrame, membershipFrame } from '@selvedge/contract/link-build';
import { type LinkFrame, maxFrameBytes } from '@selvedge/contract/link-frame';
import { type LinkMessage, readMessage } from '@selvedge/contract/link-message';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EdgeHub, type ObjectChange } from './edgehub.ts';
import { enrol } from './enrol.ts';
import { FakeCloud } from './fake-cloud.ts';
import type { Report } from './reports.ts';

/** Something to tell about one device, again and again until it is confirmed. */
class Source {
  wanted: number[] = [];
  confirmedTokens: number[] = [];
  lostTokens: number[] = [];
  #token = 0;

  nextReport(): Report | undefined {
    const value = this.wanted.shift();
    if (value === undefined) return undefined;
    const content = { timestamp: value, twin: { p: { actual: { value: String(value) } } } };
    return { kind: 'twin', token: ++this.#token, content };
  }

  confirmed(_key: string, token: number): void {
    this.confirmedTokens.push(token);
  }

  lost(_key: string, token: number): void {
    this.lostTokens.push(token);
  }

  unsettled(): string[] {
    return this.wanted.length > 0 ? ['default/boiler'] : [];
  }
}

interface Context {
  cloud: FakeCloud;
  hub: EdgeHub;
  source: Source;
  stored: ObjectChange[][];
  settled: string[];
  release: () => void;
}
const test = suite<Context>('edge hub');

test.before.each(async (context) => {
  const cloud = await FakeCloud.start();
  const target = { host: '127.0.0.1', port: cloud.port + enrolmentPortOffset, node: 'edge-1' };
  const identity = await enrol(target, parseToken(cloud.token));
  const source = new Source();
  const stored: ObjectChange[][] = [];
  const settled: string[] = [];
  const released = new Promise<void>((resolve) => {
    context.release = resolve;
  });
  const hub = new EdgeHub({
    address: cloud.address,
    node: 'edge-1',
    version: '0.0.0',
    identity: async () => identity,
    reports: source,
    clock: new RealClock(),
    random: () => 0,
    log: silentLogger,
    objects: {
      held: () => [],
      store: (changes) => {
        stored.push([...changes]);
        return changes.map(({ name, operation }) => {
          if (name === 'bad') return { error: configError('Malformed', 'it is bad') };
          const settle = async () => {
            if (operation === 'delete') await released;
            settled.push(`${operation} ${name}`);
          };
          return { settle };
        });
      },
    },
  });
  Object.assign(context, { cloud, hub, source, stored, settled });
});
test.after.each(async ({ cloud, hub }) => {
  await hub.stop();
  await cloud.stop();
});

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited 5 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const heard = (cloud: FakeCloud): LinkMessage[] => cloud.frames.map(readMessage);
const answersTo = (cloud: FakeCloud, frame: LinkFrame): string[] =>
  heard(cloud).flatMap((message) =>
    'parent' in message && message.parent === frame.header.msg_id ? [message.type] : [],
  );
const deviceFrame = (operation: 'update' | 'delete', name: string) =>
  deviceObjectFrame({ now: Date.now() }, operation, 'device', { metadata: { namespace: 'default', name } });

async function open({ cloud, hub }: Context): Promise<void> {
  hub.start();
  await until(() => heard(cloud).some((message) => message.type === 'object' && message.kind === 'lease'));
}

test('keeps what comes together in one go, acknowledges it, then hands it on', async (context) => {
  await open(context);
  const { cloud, stored, settled } = context;
  const frames = ['a', 'bad', 'c'].map((name) => deviceFrame('update', name));
  for (const frame of frames) cloud.send(frame);
  await until(() => frames.every((frame) => answersTo(cloud, frame).length === 1));
  assert.equal(
    frames.flatMap((frame) => answersTo(cloud, frame)),
    ['ack', 'error', 'ack'],
  );
  assert.equal(
    stored.flat().map((change) => change.name),
    ['a', 'bad', 'c'],
  );
  assert.equal(settled, ['update a', 'update c']);
});

test('acknowledges a deletion when nobody works on the device any more', async (context) => {
  await open(context);
  const { cloud, release } = context;
  const frame = deviceFrame('delete', 'a');
  const other = deviceFrame('update', 'b');
  cloud.send(frame);
  cloud.send(other);
  await until(() => answersTo(cloud, other).length === 1);
  assert.equal(answersTo(cloud, frame), []);
  release();
  await until(() => answersTo(cloud, frame).length === 1);
});

test('answers what it cannot take, ignores what it need not answer, and stays', async (context) => {
  await open(context);
  const { cloud, hub } = context;
  const odd = (resource: string, operation = 'update'): LinkFrame => ({
    header: { msg_id: `${resource} ${operation}`, timestamp: 1 },
    route: { source: 'edgecontroller', group: 'resource', operation, resource },
    content: { metadata: { name: 'x' } },
  });
  const refused = [
    odd('no/such/thing'),
    odd('default/device/a', 'query'),
    odd('node', 'keepalive'),
    odd('twin', 'update'),
  ];
  const pod = odd('default/pod/nginx', 'insert');
  const membership = membershipFrame({ now: 1 }, { added_devices: null, removed_devices: null });
  cloud.sendText('garbage');
  cloud.sendText('{"header":{}}');
  cloud.sendText(JSON.stringify({ ...odd('default/device/long'), content: 'x'.repeat(maxFrameBytes) }));
  for (const frame of [...refused, pod, membership]) cloud.send(frame);
  const last = deviceFrame('update', 'last');
  cloud.send(last);
  await until(() => answersTo(cloud, last).length === 1);
  for (const frame of refused) assert.equal(answersTo(cloud, frame), ['error'], frame.header.msg_id);
  assert.equal(answersTo(cloud, pod), ['ack']);
  assert.equal(answersTo(cloud, membership), []);
  assert.ok(hub.state.connected);
});

test("tells a cloud of KubeEdge's nothing that it does not know", async (context) => {
  context.cloud.selvedge = false;
  await open(context);
  assert.not(heard(context.cloud).some((message) => message.type === 'held'));
});

test('counts a report as told when the cloud has confirmed it, and as lost when the link goes first', async (context) => {
  const { cloud, hub, source } = context;
  source.wanted = [1];
  await open(context);
  await until(() => source.confirmedTokens.length === 1);
  cloud.confirms = false;
  source.wanted = [2];
  hub.reportReady('default/boiler');
  await until(() => heard(cloud).filter((message) => message.type === 'twinReport').length === 2);
  cloud.cut();
  await until(() => source.lostTokens.length === 1);
  cloud.confirms = true;
  source.wanted = [3];
  await until(() => source.confirmedTokens.length === 2);
  assert.equal([source.confirmedTokens, source.lostTokens], [[1, 3], [2]]);
});

test.run();
