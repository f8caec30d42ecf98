import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeCommonName, parseToken } from '@selvedge/contract/enrolment';
import { parse } from 'yaml';
import { enrolRequest, keyPem, pem } from './enrol.ts';
import { signingRequest } from './signing-request.ts';

export interface Identity {
  readonly node: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

interface Endpoint {
  readonly url: URL;
  readonly ca: Buffer;
  readonly token: string | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A cloud as a process of its own, as users run it, with its state in a temporary directory. */
export class CloudProcess {
  readonly dir: string;
  hubPort = 0;
  enrolPort = 0;
  readonly lines: { message: string; level: string; [field: string]: unknown }[] = [];
  readonly #kubeconfig: string | undefined;
  #child: ChildProcess | undefined;
  #endpoint: Endpoint | undefined;

  /** @param kubeconfig  of a real API server; absent: the embedded one */
  constructor(kubeconfig?: string) {
    this.dir = mkdtempSync(join(tmpdir(), 'selvedge-cloud-'));
    this.#kubeconfig = kubeconfig;
    if (kubeconfig) this.#endpoint = endpointOf(readFileSync(kubeconfig, 'utf8'));
  }

  /** Resolves when it has logged `ready`. */
  async start(extra: readonly string[] = []): Promise<void> {
    const args = ['--import', 'tsx', mainFile, '--dir', this.dir, '--listen', '127.0.0.1', '--log-level', 'debug'];
    args.push('--api-port', '0', '--hub-port', String(this.hubPort), '--enrol-port', String(this.enrolPort), ...extra);
    if (this.#kubeconfig) args.push('--kubeconfig', this.#kubeconfig);
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
    this.#child = child;
    const killAtExit = () => child.kill('SIGKILL');
    process.once('exit', killAtExit);
    child.once('exit', () => process.removeListener('exit', killAtExit));
    let rest = '';
    const ready = await new Promise<{ hub?: number; enrolment?: number }>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`not ready within 20 s: ${JSON.stringify(this.lines)}`)), 20_000);
      child.once('exit', (code, signal) => {
        clearTimeout(limit);
        reject(new Error(`ended with ${signal ?? code}: ${JSON.stringify(this.lines.slice(-5))} ${rest}`));
      });
      child.stderr?.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString('utf8')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (!line.startsWith('{')) continue;
          const entry = JSON.parse(line);
          this.lines.push(entry);
          if (entry.message !== 'ready') continue;
          clearTimeout(limit);
          resolve(entry);
        }
      });
    });
    this.hubPort = ready.hub ?? 0;
    this.enrolPort = ready.enrolment ?? 0;
    // The embedded server takes another free port at each start.
    if (!this.#kubeconfig) this.#endpoint = endpointOf(readFileSync(join(this.dir, 'kubeconfig'), 'utf8'));
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Ends the process and resolves with its exit code; null after a signal that it did not handle. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    child.kill(signal);
    return await new Promise((resolve) => child.once('exit', resolve));
  }

  async remove(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A request to the Kubernetes API, as any client makes it. */
  async api(method: string, path: string, body?: unknown, type = 'application/json') {
    const { url, ca, token, cert, key } = this.#endpoint as Endpoint;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await new Promise<{ status: number; body: Record<string, never>; warnings: string[] }>((resolve, reject) => {
      const outgoing = request(
        {
          host: url.hostname,
          port: url.port,
          path,
          method,
          ca,
          ...(cert && key ? { cert, key } : {}),
          headers: {
            ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...(text ? { 'content-type': type, 'content-length': Buffer.byteLength(text) } : {}),
          },
        },
        (response) => {
          let answer = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            answer += chunk;
          });
          response.on('end', () => {
            const warnings = [response.headers.warning ?? []].flat();
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer), warnings });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  /** Enrols a node with the join token from its Secret. */
  async enrol(node: string): Promise<Identity> {
    const secret = await this.api('GET', '/api/v1/namespaces/kubeedge/secrets/tokensecret');
    const { data } = secret.body as unknown as { data: { tokendata: string } };
    const { jwt } = parseToken(Buffer.from(data.tokendata, 'base64').toString('utf8'));
    const ca = pem((await enrolRequest({ port: this.enrolPort, path: '/ca.crt' })).body);
    const { der, key } = signingRequest(nodeCommonName(node));
    const headers = { authorization: `Bearer ${jwt}`, nodename: node };
    const issued = await enrolRequest({ port: this.enrolPort, path: '/edge.crt', headers, body: der, ca });
    if (issued.status !== 200) throw new Error(`enrolment answered ${issued.status}: ${issued.body.toString('utf8')}`);
    return { node, ca, cert: pem(issued.body), key: keyPem(key) };
  }
}

/** A kubeconfig is YAML; the real server's stand-in writes JSON, which is YAML too. */
function endpointOf(text: string): Endpoint {
  const config = parse(text) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
    users: { user: Record<string, string> }[];
  };
  const cluster = config.clusters[0]?.cluster;
  const user = config.users[0]?.user ?? {};
  const bytes = (field: string) => (user[field] ? Buffer.from(user[field], 'base64') : undefined);
  return {
    url: new URL(cluster?.server ?? ''),
    ca: Buffer.from(cluster?.['certificate-authority-data'] ?? '', 'base64'),
    token: user.token,
    cert: bytes('client-certificate-data'),
    key: bytes('client-key-data'),
  };
}
