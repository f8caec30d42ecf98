import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { gatewayApi, type LocalDevice } from '@selvedge/contract/gateway-api';
import { answer, type LocalGateway } from './routes.ts';

/** Longest request body, bytes: a write request is far below. */
const maxBodyBytes = 4_096;
/** A watcher that lets this much pile up is too slow and is let go; it may come again. */
const maxWatchBytes = 1_048_576;
/** Watchers at the same time. */
const maxWatchers = 32;

/** The gateway's local HTTP API on a unix socket that only its owner may open. */
export class LocalApi {
  readonly #gateway: LocalGateway;
  readonly #log: Logger;
  readonly #path: string;
  readonly #server: Server;
  readonly #watchers = new Set<ServerResponse>();

  /** @param options.path  of the socket; one left behind by a dead gateway is replaced */
  constructor(options: { gateway: LocalGateway; path: string; log: Logger }) {
    this.#gateway = options.gateway;
    this.#path = options.path;
    this.#log = options.log;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.#log.warn('local request failed', { error: describeError(error) });
        response.destroy();
      });
    });
  }

  start(): Promise<void> {
    rmSync(this.#path, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, () => {
        this.#server.off('error', reject);
        chmodSync(this.#path, 0o600);
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    for (const watcher of this.#watchers) watcher.end();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Whether anybody watches. */
  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Tells every watcher of a device that has changed. */
  changed(device: LocalDevice): void {
    if (this.#watchers.size === 0) return;
    const line = `${JSON.stringify(device)}\n`;
    for (const watcher of this.#watchers) {
      if (watcher.writableLength > maxWatchBytes) watcher.destroy();
      else watcher.write(line);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === gatewayApi.watch && request.method === 'GET') return this.#watch(response);
    const body = await readBody(request);
    if (body === undefined) {
      const message = `Cannot ${request.method} "${path}": the body is longer than ${maxBodyBytes} bytes`;
      return send(response, 413, { code: 'TooLong', message });
    }
    const { status, body: content } = answer(this.#gateway, request.method ?? 'GET', path, body);
    send(response, status, content);
  }

  #watch(response: ServerResponse): void {
    if (this.#watchers.size >= maxWatchers) {
      const message = `Cannot watch: ${maxWatchers} watchers are there already; end one`;
      send(response, 503, { code: 'TooManyWatchers', message });
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    for (const device of this.#gateway.devices()) response.write(`${JSON.stringify(device)}\n`);
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** The whole body, or undefined when it is longer than the bound. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
