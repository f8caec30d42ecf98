import { type RequestOptions, request } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

export interface HttpCall {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface HttpAnswer {
  readonly status: number | undefined;
  readonly contentType: string | undefined;
  /** Decoded when it is JSON; one value per line for a watch. */
  readonly body: unknown;
}

/** One request with the kubeconfig's credentials, for what no client can be made to ask. Ends after 35 s. */
export function http(config: KubeConfig, call: HttpCall): Promise<HttpAnswer> {
  return send(config, call);
}

/** Opens a watch and returns its events: until there are `count`, the server ends it, or `limitMs` have passed. */
export async function watchEvents(
  config: KubeConfig,
  path: string,
  count: number,
  limitMs = 3_000,
): Promise<unknown[]> {
  const answer = await send(config, { path }, { lines: count, limitMs });
  return Array.isArray(answer.body) ? answer.body : [answer.body];
}

async function send(
  config: KubeConfig,
  { method = 'GET', path, headers = {}, body }: HttpCall,
  until?: { lines: number; limitMs: number },
): Promise<HttpAnswer> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('kubeconfig without a current cluster');
  const options: RequestOptions = { method, headers: { accept: 'application/json', ...headers }, agent: false };
  await config.applyToHTTPSOptions(options);
  const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  if (payload !== undefined) {
    options.headers = {
      'content-type': 'application/json',
      ...(options.headers as Record<string, string>),
      'content-length': String(Buffer.byteLength(payload)),
    };
  }
  return new Promise((resolve, reject) => {
    const call = request(cluster.server + path, options, (response) => {
      let text = '';
      const finish = () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode, contentType: response.headers['content-type'], body: decoded(text) });
        call.destroy();
      };
      const timer = setTimeout(finish, until?.limitMs ?? 35_000);
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (until !== undefined && text.split('\n').length - 1 >= until.lines) finish();
      });
      response.on('end', finish);
      response.on('error', finish);
    });
    call.on('error', reject);
    call.end(payload);
  });
}

function decoded(text: string): unknown {
  const lines = text.split('\n').filter((line) => line !== '');
  try {
    return JSON.parse(text);
  } catch {
    try {
      return lines.map((line) => JSON.parse(line) as unknown);
    } catch {
      return text;
    }
  }
}
