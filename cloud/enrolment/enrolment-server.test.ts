import { createHash, X509Certificate } from 'node:crypto';
import { RealClock } from '@selvedge/base/clock';
import { silentLogger } from '@selvedge/base/log';
import { nodeCommonName, parseToken } from '@selvedge/contract/enrolment';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { enrolRequest, keyPem, pem } from '../testing/enrol.ts';
import { signingRequest } from '../testing/signing-request.ts';
import { Authority, type SecretStore } from './authority.ts';
import { EnrolmentServer } from './enrolment-server.ts';

const test = suite('enrolment');
const clock = new RealClock();

/** Secrets in memory; `createSecret` loses when somebody else was faster, as in a cluster. */
class MemorySecrets implements SecretStore {
  readonly secrets = new Map<string, ReadonlyMap<string, Buffer>>();

  async read(name: string) {
    return this.secrets.get(name);
  }

  async create(name: string, data: ReadonlyMap<string, Buffer>) {
    if (this.secrets.has(name)) return false;
    this.secrets.set(name, data);
    return true;
  }

  async update(name: string, data: ReadonlyMap<string, Buffer>) {
    this.secrets.set(name, data);
  }
}

async function withServer(
  run: (server: EnrolmentServer, authority: Authority, store: MemorySecrets, connected: Set<string>) => Promise<void>,
) {
  const store = new MemorySecrets();
  const authority = await Authority.open({ store, clock, hosts: ['localhost', '127.0.0.1'] });
  const nodeExists = async (name: string) => name === 'edge-1';
  const connected = new Set<string>();
  const isConnected = (name: string) => connected.has(name);
  const listen = { host: '127.0.0.1', port: 0 };
  const server = new EnrolmentServer({ authority, nodeExists, isConnected, ...listen, clock, log: silentLogger });
  await server.start();
  try {
    await run(server, authority, store, connected);
  } finally {
    await server.stop();
  }
}

const bearer = (store: MemorySecrets, node: string) => {
  const token = parseToken(store.secrets.get('tokensecret')?.get('tokendata')?.toString('utf8') ?? '');
  return { authorization: `Bearer ${token.jwt}`, nodename: node };
};

test('gives a node its certificate, which the CA of the token verifies and which speaks for that node', () =>
  withServer(async (server, _, store) => {
    const { port } = server;
    const ca = (await enrolRequest({ port, path: '/ca.crt' })).body;
    const token = parseToken(store.secrets.get('tokensecret')?.get('tokendata')?.toString('utf8') ?? '');
    assert.is(createHash('sha256').update(ca).digest('hex'), token.caHash);
    const { der } = signingRequest(nodeCommonName('edge-1'));
    const headers = bearer(store, 'edge-1');
    const issued = await enrolRequest({ port, path: '/edge.crt', headers, body: der, ca: pem(ca) });
    assert.is(issued.status, 200);
    const certificate = new X509Certificate(issued.body);
    assert.ok(certificate.verify(new X509Certificate(ca).publicKey));
    assert.ok(certificate.checkIssued(new X509Certificate(ca)));
    assert.match(certificate.subject, 'CN=system:node:edge-1');
    assert.match(certificate.subject, 'O=system:nodes');
    assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.not(certificate.ca);
    const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
    assert.ok(days > 364 && days < 366);
  }));

test('renews for the certificate that the node has, and for no other node', () =>
  withServer(async (server, _, store) => {
    const { port } = server;
    const first = signingRequest(nodeCommonName('edge-1'));
    const { body } = await enrolRequest({ port, path: '/edge.crt', headers: bearer(store, 'edge-1'), body: first.der });
    const identity = { cert: pem(body), key: keyPem(first.key) };
    const renew = async (node: string) => {
      const request = signingRequest(nodeCommonName(node)).der;
      return (await enrolRequest({ port, path: '/edge.crt', headers: { nodename: node }, body: request, identity }))
        .status;
    };
    assert.is(await renew('edge-1'), 200);
    assert.is(await renew('edge-2'), 403);
  }));

test('gives a token no second certificate for a node that is connected, which may still renew its own', () =>
  withServer(async (server, _, store, connected) => {
    const ask = { port: server.port, path: '/edge.crt' };
    const first = signingRequest(nodeCommonName('edge-1'));
    const headers = bearer(store, 'edge-1');
    const { body } = await enrolRequest({ ...ask, headers, body: first.der });
    connected.add('edge-1');
    const refused = await enrolRequest({ ...ask, headers, body: first.der });
    assert.is(refused.status, 409);
    assert.match(refused.body.toString('utf8'), 'node "edge-1" is connected already; choose another name with --node');
    const other = signingRequest(nodeCommonName('edge-2')).der;
    assert.is((await enrolRequest({ ...ask, headers: bearer(store, 'edge-2'), body: other })).status, 200);
    const identity = { cert: pem(body), key: keyPem(first.key) };
    const renewed = await enrolRequest({ ...ask, headers: { nodename: 'edge-1' }, body: first.der, identity });
    assert.is(renewed.status, 200);
    connected.clear();
    assert.is((await enrolRequest({ ...ask, headers, body: first.der })).status, 200);
  }));

test('refuses what is wrong with a status that says so', () =>
  withServer(async (server, _, store) => {
    const { port } = server;
    const good = signingRequest(nodeCommonName('edge-1')).der;
    const statusOf = async (headers: Record<string, string>, body: Buffer | undefined) =>
      (await enrolRequest({ port, path: '/edge.crt', headers, ...(body ? { body } : {}) })).status;
    const ok = bearer(store, 'edge-1');
    assert.is(await statusOf({ nodename: 'edge-1' }, good), 401, 'no token');
    assert.is(await statusOf({ ...ok, authorization: 'Bearer a.b.c' }, good), 401, 'wrong token');
    assert.is(await statusOf(bearer(store, 'edge-2'), good), 403, 'request for another node');
    assert.is(await statusOf({ ...ok, nodename: 'Edge_1' }, good), 400, 'name');
    assert.is(await statusOf({ ...ok, nodename: '../secrets' }, good), 400, 'name');
    assert.is(await statusOf(ok, Buffer.from('garbage')), 400, 'no request');
    assert.is(await statusOf(ok, undefined), 400, 'empty');
    assert.is(await statusOf(ok, signingRequest(nodeCommonName('edge-1'), { curve: 'P-384' }).der), 400, 'curve');
    const forged = Buffer.from(good);
    forged[forged.length - 3] = (forged[forged.length - 3] ?? 0) ^ 1;
    assert.is(await statusOf(ok, forged), 400, 'signature');
    assert.is(await statusOf(ok, Buffer.alloc(20_000)), 413, 'too long');
    assert.is((await enrolRequest({ port, path: '/elsewhere' })).status, 404);
    assert.is((await enrolRequest({ port, path: '/node/edge-1' })).status, 200);
    assert.is((await enrolRequest({ port, path: '/node/edge-9' })).status, 404);
    assert.is((await enrolRequest({ port, path: '/node/%' })).status, 400);
    assert.is((await enrolRequest({ port, path: '/ca.crt' })).status, 200, 'and goes on serving');
  }));

test('stops listening to an address that keeps guessing tokens', () =>
  withServer(async (server) => {
    const { port } = server;
    const headers = { authorization: 'Bearer a.b.c', nodename: 'edge-1' };
    for (let attempt = 0; attempt < 20; attempt++) await enrolRequest({ port, path: '/edge.crt', headers });
    assert.is((await enrolRequest({ port, path: '/edge.crt', headers })).status, 429);
  }));

test('two replicas that start at once end up with one authority', async () => {
  const store = new MemorySecrets();
  const open = () => Authority.open({ store, clock, hosts: ['localhost'] });
  const [a, b] = await Promise.all([open(), open()]);
  assert.equal(a.certificate, b.certificate);
  assert.equal(a.tls.cert, b.tls.cert);
});

test('a server certificate without a host that is now advertised is made anew, the authority stays', async () => {
  const store = new MemorySecrets();
  const before = await Authority.open({ store, clock, hosts: ['localhost'] });
  const same = await Authority.open({ store, clock, hosts: ['localhost'] });
  assert.is(same.tls.cert, before.tls.cert);
  const after = await Authority.open({ store, clock, hosts: ['localhost', 'cloud.example', '10.1.2.3'] });
  assert.is.not(after.tls.cert, before.tls.cert);
  assert.equal(after.certificate, before.certificate);
  const certificate = new X509Certificate(after.tls.cert);
  assert.is(certificate.checkIP('10.1.2.3'), '10.1.2.3');
  assert.is(certificate.checkHost('cloud.example', { subject: 'never' }), 'cloud.example');
});

test.run();
