import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { describeError, FieldError, rejected } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { formatAddress, type ServerAddress } from '../transport/address.ts';
import { listen } from '../transport/listen.ts';
import { type ControlTargets, control } from './routes.ts';

const maxBodyBytes = 65_536;
const maxConnections = 32;
const status: Readonly<Record<string, number>> = {
  NotFound: 404,
  MethodNotAllowed: 405,
  BodyTooLarge: 413,
  Forbidden: 403,
};

export interface ControlOptions {
  /** A loopback address or a unix socket: whoever reaches it may turn every knob. */
  readonly listen: ServerAddress;
  readonly targets: ControlTargets;
  readonly log: Logger;
}

/** The hand on the knob: a small HTTP API that looks at points and turns them, for people and for tests. */
export class ControlServer {
  readonly #options: ControlOptions;
  readonly #server: Server;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: 10_000 }, (request, response) => void this.#serve(request, response));
    this.#server.maxConnections = maxConnections;
  }

  /** Resolves with the address. @throws FieldError `AddressInUse`, `CannotListen` */
  async start(): Promise<string> {
    const { listen: address } = this.#options;
    return formatAddress(await listen(this.#server, address));
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // A page in somebody's browser can reach loopback too; it cannot leave out its Origin.
      if (request.headers.origin !== undefined) throw rejected('Forbidden', 'The control API does not serve web pages');
      const { pathname } = new URL(request.url ?? '/', 'http://plant');
      const path = pathname.split('/').filter(Boolean).map(decodePiece);
      const method = request.method ?? 'GET';
      const body = method === 'PUT' ? await readJson(request) : undefined;
      reply(response, 200, await control(this.#options.targets, method, path, body));
    } catch (error) {
      if (!(error instanceof FieldError))
        this.#options.log.error('control request failed', { error: describeError(error) });
      const code = error instanceof FieldError ? (status[error.code] ?? 400) : 500;
      reply(response, code, { error: describeError(error) });
    }
  }
}

function reply(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function decodePiece(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw rejected('BodyTooLarge', `The body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw rejected('InvalidBody', 'The body is no JSON', error);
  }
}
