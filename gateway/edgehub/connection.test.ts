import { RealClock } from '@selvedge/base/clock';
import type { Duration } from '@selvedge/base/duration';
import { silentLogger } from '@selvedge/base/log';
import { enrolmentPortOffset, parseToken } from '@selvedge/contract/enrolment';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CloudConnection } from './connection.ts';
import { enrol } from './enrol.ts';
import { FakeCloud } from './fake-cloud.ts';
import type { NodeIdentity } from './identity.ts';

const test = suite<{ cloud: FakeCloud; connection: CloudConnection; heard: string[]; identity: NodeIdentity }>(
  'cloud link',
);

/** The machine's clock, in which ten seconds pass in a tenth of one: for keepalive and half-open detection. */
class FastClock extends RealClock {
  readonly factor = 100;

  override monotonic(): number {
    return super.monotonic() * this.factor;
  }

  override after(name: string, delay: Duration, fire: () => void) {
    return super.after(name, (delay / this.factor) as Duration, fire);
  }
}

test.before.each(async (context) => {
  const cloud = await FakeCloud.start();
  const target = { host: '127.0.0.1', port: cloud.port + enrolmentPortOffset, node: 'edge-1' };
  const identity = await enrol(target, parseToken(cloud.token));
  const heard: string[] = [];
  const connection = new CloudConnection({
    address: cloud.address,
    node: 'edge-1',
    identity: async () => identity,
    clock: new FastClock(),
    random: () => 0,
    log: silentLogger,
    onOpen: ({ selvedge }) => void heard.push(selvedge ? 'open, ours' : 'open'),
    onText: (text) => void heard.push(text),
    onClosed: () => void heard.push('closed'),
  });
  Object.assign(context, { cloud, identity, connection, heard });
});
test.after.each(async ({ cloud, connection }) => {
  await connection.stop();
  await cloud.stop();
});

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited 5 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('says hello with keepalives, and tells whether the other end is one of ours', async ({
  cloud,
  connection,
  heard,
}) => {
  cloud.selvedge = false;
  connection.start();
  await until(() => cloud.frames.filter((frame) => frame.route.operation === 'keepalive').length >= 3);
  assert.equal(heard, ['open']);
  assert.ok(connection.state.connected);
});

test('comes back after a cut, and after the cloud was away', async ({ cloud, connection, heard }) => {
  connection.start();
  await until(() => heard.length === 1);
  cloud.cut();
  await until(() => heard.length === 3);
  assert.equal(heard, ['open, ours', 'closed', 'open, ours']);
  await cloud.stop();
  await until(() => connection.state.reason?.includes('ECONNREFUSED') ?? false);
  assert.not(connection.state.connected);
  await cloud.listen(cloud.port);
  await until(() => connection.state.connected);
});

test('a refusal is told in the words of the cloud', async ({ cloud, connection }) => {
  cloud.refusal = 'the certificate is for "edge-2", not for node "edge-1"';
  connection.start();
  const reason = 'the cloud refused the link with status 403: the certificate is for "edge-2", not for node "edge-1"';
  await until(() => connection.state.reason === reason);
});

test('gives up a peer that is silent, though TCP says nothing', async ({ cloud, connection, heard }) => {
  connection.start();
  await until(() => heard.length === 1);
  cloud.freeze();
  await until(() => heard.includes('closed'));
  assert.match(connection.state.reason ?? '', 'has not been heard of');
});

test('does not speak to a cloud that another CA vouches for', async ({ cloud, connection }) => {
  const { port } = cloud;
  await cloud.stop();
  const impostor = await FakeCloud.start();
  await impostor.stop();
  assert.ok(await impostor.listen(port));
  try {
    connection.start();
    await until(() => connection.state.code === 'CloudChanged');
    assert.match(connection.state.reason ?? '', /its CA is another one .*; if it was set up anew, join again/);
    assert.equal(impostor.frames, []);
  } finally {
    await impostor.stop();
    await cloud.listen(port);
  }
});

test.run();
