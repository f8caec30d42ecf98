import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Clock } from '@selvedge/base/clock';
import { type Duration, minutes, seconds } from '@selvedge/base/duration';
import { describeError, type FieldError, transient } from '@selvedge/base/errors';
import type { ApiConnection, Credentials } from './connection.ts';
import { statusError } from './status-error.ts';

export const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/nodes/edge-1` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
}

/** Longest answer that is read, bytes; lists are fetched in pages far below. */
const maxAnswerBytes = 64 * 1_048_576;
const requestTimeout: Duration = seconds(30);
/** A login is asked for again after this long; a token that has expired sooner is found by a 401. */
const credentialsLife: Duration = minutes(1);

/**
 * HTTPS to one Kubernetes API server: keep-alive connections, no Nagle delay, every request bounded in time and size.
 * Own requests rather than client-node's generated ones: those hold a parsed copy of everything through model classes, cost
 * 20 MB before the first request, and their watch adds a stream pipeline to the path of every desired value.
 */
export class KubeApi {
  readonly #connection: ApiConnection;
  readonly #clock: Clock;
  #agents: { requests: Agent; watches: Agent } | undefined;
  #login: { credentials: Credentials; until: number } | undefined;

  constructor(options: { connection: ApiConnection; clock: Clock }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
  }

  /**
   * One request, answered with the parsed body.
   * @throws FieldError with the Kubernetes reason as code (status-error.ts); transient `Unreachable` when there was no answer
   */
  async request<Result>(call: ApiRequest): Promise<Result> {
    const response = await this.#send(call, { timeout: requestTimeout });
    const text = await readText(response, this.#action(call));
    const code = response.statusCode ?? 0;
    if (code === 401) this.#login = undefined;
    if (code < 200 || code > 299) throw statusError(this.#action(call), code, text);
    return JSON.parse(text) as Result;
  }

  /** A request whose answer has no end: a watch. The caller reads it and aborts it. */
  async stream(call: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.#send(call, { signal });
    const code = response.statusCode ?? 0;
    if (code === 200) return response;
    if (code === 401) this.#login = undefined;
    throw statusError(this.#action(call), code, await readText(response, this.#action(call)));
  }

  stop(): void {
    this.#agents?.requests.destroy();
    this.#agents?.watches.destroy();
    this.#agents = undefined;
  }

  async #send(call: ApiRequest, limits: { timeout?: Duration; signal?: AbortSignal }): Promise<IncomingMessage> {
    const login = await this.#credentials();
    const agents = this.#openAgents();
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const query = call.query ? `?${new URLSearchParams(call.query)}` : '';
    return await new Promise((resolve, reject) => {
      const outgoing = request({
        ...login.tls,
        host: this.#connection.url.hostname.replace(/^\[|\]$/g, ''),
        port: this.#connection.url.port || 443,
        path: `${this.#connection.url.pathname.replace(/\/$/, '')}${call.path}${query}`,
        method: call.method,
        agent: limits.signal ? agents.watches : agents.requests,
        ...(limits.signal ? { signal: limits.signal } : {}),
        headers: {
          ...login.headers,
          accept: 'application/json',
          'user-agent': 'selvedge-cloud',
          ...(body ? { 'content-type': call.contentType ?? 'application/json', 'content-length': body.length } : {}),
        },
      });
      outgoing.setNoDelay(true);
      if (limits.timeout !== undefined) {
        outgoing.setTimeout(limits.timeout, () => outgoing.destroy(new Error(`no answer within ${limits.timeout} ms`)));
      }
      outgoing.once('response', resolve);
      // Not once: an aborted watch may say so twice, and nobody listening would end the process.
      outgoing.on('error', (error) => reject(unreachable(this.#action(call), error)));
      outgoing.end(body);
    });
  }

  /** `GET https://10.0.0.1:6443/api/v1/nodes` */
  #action(call: ApiRequest): string {
    return `${call.method} ${this.#connection.url.origin}${call.path}`;
  }

  #openAgents(): { requests: Agent; watches: Agent } {
    this.#agents ??= {
      requests: new Agent({ keepAlive: true, maxSockets: 16, noDelay: true }),
      watches: new Agent({ keepAlive: false, noDelay: true }),
    };
    return this.#agents;
  }

  async #credentials(): Promise<Credentials> {
    if (this.#login && this.#login.until > this.#clock.monotonic()) return this.#login.credentials;
    const credentials = await this.#connection.credentials();
    this.#login = { credentials, until: this.#clock.monotonic() + credentialsLife };
    return credentials;
  }
}

function unreachable(action: string, error: unknown): FieldError {
  return transient('Unreachable', `Cannot ${action}: ${describeError(error)}`);
}

function readText(response: IncomingMessage, action: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxAnswerBytes) response.destroy(new Error(`the answer is longer than ${maxAnswerBytes} bytes`));
      else chunks.push(chunk);
    });
    response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.once('error', (error) => reject(unreachable(action, error)));
    response.once('aborted', () => reject(unreachable(action, new Error('the answer broke off'))));
  });
}
