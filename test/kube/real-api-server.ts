import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { accessSync, closeSync, constants, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const kubeVersion = '1.37.2';

/** Programs of a real control plane, as `npm run kube:build` and the etcd-server package leave them. */
export interface KubePrograms {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly kubectl: string;
}

export interface RealApiServer {
  readonly url: string;
  /** Path of a kubeconfig with the rights of cluster-admin. */
  readonly kubeconfig: string;
  /** Holds the kubeconfig and the logs `etcd.log`, `api.log`, `controllers.log`. Gone after `stop`. */
  readonly directory: string;
  stop(): Promise<void>;
}

/** Where `test/kube/build.sh` puts what it builds. */
export function kubeBinFolder(): string {
  return join(process.env.SELVEDGE_CACHE ?? join(homedir(), '.cache', 'selvedge'), `kube-${kubeVersion}`, 'bin');
}

/** The programs, or one sentence that says what is missing and how to get it. */
export function findKubePrograms(): { programs: KubePrograms } | { missing: string } {
  const bin = kubeBinFolder();
  const programs: KubePrograms = {
    etcd: onPath('etcd') ?? '',
    apiServer: join(bin, 'kube-apiserver'),
    controllerManager: join(bin, 'kube-controller-manager'),
    kubectl: join(bin, 'kubectl'),
  };
  if (programs.etcd === '') return { missing: 'no etcd on PATH (Debian: apt-get install etcd-server)' };
  const absent = [programs.apiServer, programs.controllerManager, programs.kubectl].filter((path) => !isProgram(path));
  if (absent.length > 0) return { missing: `no ${absent.join(', ')} (npm run kube:build builds them, it needs Go)` };
  return { programs };
}

/** First program of that name on PATH. */
export function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts etcd, kube-apiserver and three controllers (namespaces, garbage collection, service accounts) on free loopback
 * ports, and resolves when a pod could be created: about 4 s, 400 MB. What they write lies in a temporary directory
 * that `stop` removes.
 *
 * The children are in the caller's process group and are killed when the caller exits, so none outlives a test.
 * @throws Error with the end of the log when one of them ends or is not ready within 60 s.
 */
export async function startRealApiServer(programs: KubePrograms): Promise<RealApiServer> {
  const directory = mkdtempSync(join(tmpdir(), 'selvedge-kube-'));
  const children: { name: string; child: ChildProcess }[] = [];
  const killAll = () => {
    for (const { child } of children) child.kill('SIGKILL');
  };
  process.once('exit', killAll);
  const run = (name: string, program: string, args: string[]) => {
    const log = openSync(join(directory, `${name}.log`), 'a');
    children.push({ name, child: spawn(program, args, { stdio: ['ignore', log, log] }) });
    closeSync(log);
  };
  const stop = async () => {
    // The API server goes before etcd: without its store a graceful stop takes more than a minute.
    for (const { child } of children.reverse()) await end(child);
    children.length = 0;
    process.removeListener('exit', killAll);
    rmSync(directory, { recursive: true, force: true });
  };

  try {
    const [etcdPort, peerPort, apiPort] = await freePorts(3);
    const token = randomBytes(16).toString('hex');
    const keys = await writeKeys(directory, token);
    const etcdUrl = `http://127.0.0.1:${etcdPort}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    run('etcd', programs.etcd, [
      ...['--data-dir', join(directory, 'etcd'), '--unsafe-no-fsync'],
      ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `default=${peerUrl}`],
    ]);
    run('api', programs.apiServer, [
      ...['--etcd-servers', etcdUrl, '--cert-dir', join(directory, 'api')],
      ...['--secure-port', String(apiPort), '--bind-address', '127.0.0.1'],
      ...['--service-account-key-file', keys.publicKey, '--service-account-signing-key-file', keys.privateKey],
      ...['--service-account-issuer', 'https://kubernetes.default.svc', '--token-auth-file', keys.tokens],
      ...['--authorization-mode', 'Node,RBAC', '--service-cluster-ip-range', '10.96.0.0/16'],
      '--allow-privileged=true',
    ]);
    const url = `https://127.0.0.1:${apiPort}`;
    const api = { url, token, certificate: join(directory, 'api', 'apiserver.crt') };
    await answers(api, '/readyz', directory, children);
    await answers(api, '/api/v1/namespaces/default', directory, children);

    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, kubeconfigText(api), { mode: 0o600 });
    run('controllers', programs.controllerManager, [
      ...['--kubeconfig', kubeconfig, '--leader-elect=false', '--secure-port=0'],
      ...['--controllers', 'namespace-controller,garbage-collector-controller,serviceaccount-controller'],
    ]);
    await answers(api, '/api/v1/namespaces/default/serviceaccounts/default', directory, children);
    return { url, kubeconfig, directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Endpoint {
  readonly url: string;
  readonly token: string;
  readonly certificate: string;
}

async function writeKeys(directory: string, token: string) {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const keys = {
    publicKey: join(directory, 'sa.pub'),
    privateKey: join(directory, 'sa.key'),
    tokens: join(directory, 'tokens.csv'),
  };
  mkdirSync(join(directory, 'api'));
  await writeFile(keys.publicKey, pair.publicKey);
  await writeFile(keys.privateKey, pair.privateKey, { mode: 0o600 });
  await writeFile(keys.tokens, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  return keys;
}

/** JSON is YAML. The API server writes its certificate with the chain up to the root it made, so that is the CA. */
function kubeconfigText({ url, token, certificate }: Endpoint): string {
  const authority = readFileSync(certificate).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'real', cluster: { server: url, 'certificate-authority-data': authority } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'admin' } }],
    'current-context': 'real',
  });
}

/** Waits until a GET is answered with 200. */
async function answers(
  api: Endpoint,
  path: string,
  directory: string,
  children: readonly { name: string; child: ChildProcess }[],
): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    if ((await status(api, path)) === 200) return;
    const ended = children.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    const late = performance.now() > deadline;
    if (ended !== undefined || late) {
      const name = ended?.name ?? children.at(-1)?.name ?? 'api';
      const log = readFileSync(join(directory, `${name}.log`), 'utf8').slice(-2_000);
      const reason = late ? `no 200 from ${path} within 60 s` : `${name} ended`;
      throw new Error(`Cannot start a real API server: ${reason}; end of its log:\n${log}`);
    }
    await pause(50);
  }
}

/** Status code of a GET; undefined while nobody listens or the certificate is not there yet. */
function status({ url, token, certificate }: Endpoint, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    let ca: Buffer;
    try {
      ca = readFileSync(certificate);
    } catch {
      resolve(undefined);
      return;
    }
    const options = { ca, agent: false, headers: { authorization: `Bearer ${token}` }, timeout: 2_000 };
    const call = request(url + path, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 2 s')));
    call.on('error', () => resolve(undefined));
    call.end();
  });
}

/** Ports that were free a moment ago. All are held until the last is known, so that no two are equal. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            if (address !== null && typeof address === 'object') resolve(address.port);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Asks a process to end, and kills it after 3 s: a test's server holds nothing worth a longer wait. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(killer);
}
