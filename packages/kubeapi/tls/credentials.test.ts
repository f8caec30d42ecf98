import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadCredentials } from './credentials.ts';

const test = suite<{ dir: string }>('credentials');

const now = Date.UTC(2026, 0, 1);
const day = 86_400_000;
const load = (dir: string, at = now) =>
  loadCredentials(dir, ['localhost', '127.0.0.1', '::1'], { name: 'admin', group: 'system:masters' }, at);

test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'selvedge-credentials-'));
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }));

test('the server is known by its names and addresses, the client by name and group, both to one authority', async ({
  dir,
}) => {
  const { authority, server, client } = await load(dir);
  const ca = new X509Certificate(authority);
  const [shown, user] = [new X509Certificate(server.certificate), new X509Certificate(client.certificate)];
  assert.ok(ca.ca);
  for (const certificate of [shown, user]) {
    assert.ok(certificate.checkIssued(ca));
    assert.ok(certificate.verify(ca.publicKey));
    assert.not(certificate.ca);
  }
  assert.is(shown.checkHost('localhost'), 'localhost');
  assert.is(shown.checkIP('127.0.0.1'), '127.0.0.1');
  assert.ok(shown.checkIP('::1'));
  assert.is(shown.checkIP('192.0.2.1'), undefined);
  assert.equal(user.subject.split('\n').sort(), ['CN=admin', 'O=system:masters']);
});

test('they are kept for their owner alone, and made anew near their end with the token that clients have', async ({
  dir,
}) => {
  const first = await load(dir);
  const file = join(dir, 'credentials.json');
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.equal(await load(dir, now + 9 * 365 * day), first);
  const renewed = await load(dir, now + 3_640 * day);
  assert.is(renewed.token, first.token);
  assert.is.not(renewed.server.certificate, first.server.certificate);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), renewed);
});

test('a file that is something else is refused by its name', async ({ dir }) => {
  writeFileSync(join(dir, 'credentials.json'), '[]');
  const refusal = await load(dir).then(
    () => 'taken',
    (error: Error) => error.message,
  );
  assert.match(refusal, /Cannot read credentials ".*credentials\.json": .*delete it/);
});

test.run();
