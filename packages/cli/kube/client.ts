import type { RequestOptions } from 'node:http';
import { FieldError, rejected, transient } from '@selvedge/base/errors';
import { fetchJson, type JsonRequest, type JsonResponse, streamJson } from '../http-json.ts';
import cli from '../package.json' with { type: 'json' };
import type { KubeAccess } from './kubeconfig.ts';

/** What we look at of metav1.Status, the form in which an API server says no. */
interface StatusObject {
  readonly reason?: string;
  readonly message?: string;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

/**
 * The few calls of the Kubernetes API that this command makes, over node:https: the whole client library would take longer
 * to load than the call takes.
 */
export class KubeClient {
  readonly access: KubeAccess;
  readonly #target: RequestOptions;

  constructor(access: KubeAccess) {
    this.access = access;
    const url = new URL(access.server);
    this.#target = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
      headers: {
        // The API server names the manager of a field by it.
        'user-agent': `selvedge/${cli.version}`,
        ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
      },
      ...{ ca: access.ca, cert: access.cert, key: access.key, servername: access.serverName },
      ...{ rejectUnauthorized: !access.insecure },
    };
  }

  /** @throws FieldError: rejected with the server's reason as code (`NotFound`, `Invalid`, ...), transient `Unreachable` */
  async get(path: string, timeoutMs?: number): Promise<unknown> {
    return bodyOf(await fetchJson({ ...this.#call(path), ...(timeoutMs === undefined ? {} : { timeoutMs }) }));
  }

  async create(path: string, object: unknown): Promise<unknown> {
    return bodyOf(await fetchJson({ ...this.#call(path), method: 'POST', body: object }));
  }

  async jsonPatch(path: string, operations: readonly unknown[]): Promise<unknown> {
    const contentType = 'application/json-patch+json';
    return bodyOf(await fetchJson({ ...this.#call(path), method: 'PATCH', body: operations, contentType }));
  }

  /** One watch, until the server ends it or `signal` is aborted. */
  async watch(path: string, signal: AbortSignal, onEvent: (event: WatchEvent) => void): Promise<void> {
    const refused = await streamJson(this.#call(path), signal, (value) => onEvent(value as WatchEvent));
    if (refused !== undefined) bodyOf(refused);
  }

  #call(path: string): JsonRequest {
    const basePath = new URL(this.access.server).pathname.replace(/\/$/, '');
    return {
      target: this.#target,
      secure: this.access.server.startsWith('https:'),
      peer: `the API server at ${this.access.server}`,
      path: basePath + path,
    };
  }
}

function bodyOf(response: JsonResponse): unknown {
  if (response.status < 300) return response.body;
  const { reason, message } = (response.body ?? {}) as StatusObject;
  const text = message ?? `the API server answered ${response.status}`;
  if (response.status >= 500 || response.status === 429) throw transient(reason ?? 'ServerError', text);
  throw rejected(reason ?? `Http${response.status}`, text);
}

export const isCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof FieldError && codes.includes(error.code);
