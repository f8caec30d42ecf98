import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

/** Requests to an API server with the credentials of a kubeconfig, over kept-alive connections. */
export class Kube {
  readonly #agent: Agent;
  readonly #server: URL;
  readonly #headers: Record<string, string>;

  constructor(kubeconfig: string) {
    const config = parse(readFileSync(kubeconfig, 'utf8')) as {
      clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
      users: { user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string } }[];
    };
    const cluster = config.clusters[0]?.cluster;
    const user = config.users[0]?.user;
    if (!cluster || !user) throw new Error(`${kubeconfig} names no cluster or user`);
    const decoded = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text, 'base64'));
    this.#server = new URL(cluster.server);
    const [cert, key] = [decoded(user['client-certificate-data']), decoded(user['client-key-data'])];
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 32,
      noDelay: true,
      ca: decoded(cluster['certificate-authority-data']),
      ...(cert && key ? { cert, key } : {}),
    });
    this.#headers = user.token === undefined ? {} : { authorization: `Bearer ${user.token}` };
  }

  /** @throws Error with the server's answer when it is not 2xx */
  call<Body>(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Body> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          agent: this.#agent,
          host: this.#server.hostname,
          port: this.#server.port,
          method,
          path,
          headers: {
            ...this.#headers,
            ...(payload === undefined
              ? {}
              : { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(JSON.parse(text) as Body);
            else reject(new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`));
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }

  mergePatch<Body>(path: string, patch: unknown): Promise<Body> {
    return this.call('PATCH', path, patch, 'application/merge-patch+json');
  }

  close(): void {
    this.#agent.destroy();
  }
}
