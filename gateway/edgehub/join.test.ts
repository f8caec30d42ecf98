import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FieldError } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { enrolmentPortOffset } from '@selvedge/contract/enrolment';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeCloud } from './fake-cloud.ts';
import { Joiner } from './join.ts';

const test = suite<{ dir: string; cloud: FakeCloud }>('joining a cloud');

test.before.each(async (context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'selvedge-join-'));
  context.cloud = await FakeCloud.start();
});
test.after.each(async ({ dir, cloud }) => {
  await cloud.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Given {
  readonly node?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly now?: number;
}

function joiner(
  { dir, cloud }: { dir: string; cloud: FakeCloud },
  { node = 'edge-1', now = Date.now(), ...token }: Given,
) {
  return new Joiner({
    target: { host: '127.0.0.1', port: cloud.port + enrolmentPortOffset, node },
    directory: join(dir, 'pki'),
    clock: new VirtualClock(now),
    random: () => 0.5,
    log: silentLogger,
    ...token,
  });
}

async function codeOf(joined: Promise<unknown>): Promise<string> {
  try {
    await joined;
    return 'joined';
  } catch (error) {
    return error instanceof FieldError ? error.code : String(error);
  }
}

test('gets a certificate of its own for a token, once, in files that only it may read', async (context) => {
  const { dir, cloud } = context;
  const identity = await joiner(context, { token: cloud.token }).identity();
  const certificate = new X509Certificate(identity.certificate);
  assert.is(certificate.subject, 'O=system:nodes\nCN=system:node:edge-1');
  assert.ok(certificate.verify(new X509Certificate(identity.ca).publicKey));
  for (const file of ['ca.crt', 'node.crt', 'node.key']) {
    assert.is(statSync(join(dir, 'pki', file)).mode & 0o777, 0o600);
  }
  assert.equal(await joiner(context, {}).identity(), identity);
  assert.is(cloud.enrolled, 1);
});

test('believes no CA but the one that the token names, and sends it nothing', async (context) => {
  const token = context.cloud.token.replace(/^.{8}/, '00000000');
  assert.is(await codeOf(joiner(context, { token }).identity()), 'WrongCa');
  assert.is(context.cloud.enrolled, 0);
});

test('says what is wrong with a token: refused, malformed, missing', async (context) => {
  const { dir, cloud } = context;
  assert.is(await codeOf(joiner(context, { token: cloud.token.replace('good', 'old') }).identity()), 'TokenRefused');
  assert.is(await codeOf(joiner(context, { token: 'nonsense' }).identity()), 'InvalidToken');
  assert.is(await codeOf(joiner(context, {}).identity()), 'NoToken');
  const tokenFile = join(dir, 'token');
  const waiting = joiner(context, { tokenFile });
  assert.is(await codeOf(waiting.identity()), 'NoToken');
  writeFileSync(tokenFile, `${cloud.token}\n`);
  assert.is(await codeOf(waiting.identity()), 'joined');
});

test('a token of another cloud than the kept one enrols anew; without it nothing changes', async (context) => {
  const { cloud } = context;
  const before = await joiner(context, { token: cloud.token }).identity();
  const reset = await FakeCloud.start();
  try {
    const there = { dir: context.dir, cloud: reset };
    assert.equal(await joiner(there, {}).identity(), before, 'no token');
    assert.equal(await joiner(there, { token: cloud.token }).identity(), before, 'the token it joined with');
    const wrong = reset.token.replace(/^.{8}/, '00000000');
    assert.is(await codeOf(joiner(there, { token: wrong }).identity()), 'WrongCa');
    assert.equal(await joiner(there, {}).identity(), before, 'a refusal leaves the kept one');
    const after = await joiner(there, { token: reset.token }).identity();
    assert.is.not(after.ca, before.ca);
    assert.equal(await joiner(there, { token: reset.token }).identity(), after, 'once');
    assert.is(reset.enrolled, 1);
  } finally {
    await reset.stop();
  }
});

test('does not use the certificate of another node', async (context) => {
  await joiner(context, { token: context.cloud.token }).identity();
  assert.is(await codeOf(joiner(context, { node: 'edge-2' }).identity()), 'NoToken');
});

test('renews a certificate in the last part of its life by itself, and goes on with it when that fails', async (context) => {
  const { dir, cloud } = context;
  const first = await joiner(context, { token: cloud.token }).identity();
  const late = Date.now() + cloud.certificateMs * 0.85;
  const second = await joiner(context, { now: late }).identity();
  assert.is.not(second.certificate, first.certificate);
  assert.is(readFileSync(join(dir, 'pki', 'node.crt'), 'utf8'), second.certificate);
  await cloud.stop();
  assert.equal(await joiner(context, { now: late }).identity(), second);
  assert.is(await codeOf(joiner(context, { now: Date.now() + 2 * cloud.certificateMs }).identity()), 'NoToken');
  await cloud.listen(cloud.port);
});

test.run();
