import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '@selvedge/base/clock';
import { minutes, seconds } from '@selvedge/base/duration';
import { describeError, FieldError, rejected } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { enrolment, nodeCommonName } from '@selvedge/contract/enrolment';
import { isObjectName } from '@selvedge/contract/names';
import type { Authority } from './authority.ts';
import { FailureLimit } from './failure-limit.ts';

/** Longest certificate request; one for a P-256 key has 300 bytes. */
const maxBodyBytes = 16 * 1_024;
const maxConnections = 512;

export interface EnrolmentOptions {
  readonly authority: Authority;
  readonly nodeExists: (name: string) => Promise<boolean>;
  /** Whether a gateway of this name has a session now: a token must not make a second one. */
  readonly isConnected: (name: string) => boolean;
  /** Address to listen on; undefined: all there are. */
  readonly host: string | undefined;
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Where a gateway gets its certificate (KubeEdge 4.3): `GET /ca.crt`; `GET /edge.crt` with a certificate request as the body,
 * allowed by a join token or, to renew, by the certificate the node has; `GET /node/<name>`. Better than the original: the
 * request's common name must be that of the node it is for.
 */
export class EnrolmentServer {
  readonly #options: EnrolmentOptions;
  readonly #server: Server;
  readonly #failures: FailureLimit;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
    this.#failures = new FailureLimit({ clock: options.clock, failures: 20, window: minutes(1), peers: 1_000 });
    this.#server = createServer(
      {
        ...options.authority.tls,
        requestCert: true,
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        headersTimeout: seconds(10),
        requestTimeout: seconds(20),
        keepAliveTimeout: seconds(5),
        maxHeaderSize: 8_192,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = maxConnections;
    this.#server.on('tlsClientError', (error) =>
      options.log.debug('enrolment handshake failed', { error: error.message }),
    );
  }

  /** The port it listens on, once started. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port: this.#options.port, host: this.#options.host }, () => {
        this.#server.removeListener('error', reject);
        // Such as no more file descriptors: a state that passes, not an end.
        this.#server.on('error', (error) => this.#options.log.error('server error', { error: error.message }));
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const peer = request.socket.remoteAddress ?? '';
    try {
      if (this.#failures.exceeded(peer)) {
        response.setHeader('retry-after', '60');
        throw rejected('TooManyFailures', 'Cannot enrol: too many failed tries from this address; wait a minute');
      }
      const path = new URL(request.url ?? '/', 'https://cloud').pathname;
      if (request.method !== 'GET') throw rejected('MethodNotAllowed', 'Cannot enrol: only GET is known here');
      if (path === enrolment.caPath) return reply(response, 200, this.#options.authority.certificate);
      if (path === enrolment.certificatePath) return reply(response, 200, await this.#certificate(request));
      if (path.startsWith(enrolment.nodePath)) {
        const found = await this.#nodeExists(path.slice(enrolment.nodePath.length));
        return reply(response, found ? 200 : 404, found ? 'Node found' : 'Node not found');
      }
      throw rejected('NotFound', 'Cannot enrol: no such path');
    } catch (error) {
      this.#refuse(request, response, peer, error);
    }
  }

  async #certificate(request: IncomingMessage): Promise<Buffer> {
    const node = String(request.headers[enrolment.nodeHeader] ?? '');
    if (!isObjectName(node) || node.length > 63) {
      throw rejected(
        'InvalidNodeName',
        `Cannot enrol "${node.slice(0, 80)}": a node's name has 1 to 63 of a-z 0-9 - .`,
      );
    }
    this.#authorize(request, node);
    const issued = await this.#options.authority.issue(node, await readBody(request));
    this.#options.log.info('certificate issued', { node, peer: request.socket.remoteAddress });
    return issued;
  }

  /**
   * A token, or the certificate that this node has now. A token gives no certificate to a node that is connected: two gateways
   * of one name would end each other's sessions for ever.
   * @throws rejected `Unauthorized`, `OtherNode`, `NodeConnected`, token errors
   */
  #authorize(request: IncomingMessage, node: string): void {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      this.#options.authority.verify(bearer.trim());
      if (this.#options.isConnected(node)) {
        const hint = 'choose another name with --node, or stop that gateway first';
        throw rejected('NodeConnected', `Cannot enrol: node "${node}" is connected already; ${hint}`);
      }
      return;
    }
    const socket = request.socket as TLSSocket;
    if (!socket.authorized) {
      throw rejected('Unauthorized', `Cannot enrol "${node}": a join token or the node's certificate is needed`);
    }
    const commonName = socket.getPeerCertificate().subject?.CN;
    if (commonName !== nodeCommonName(node)) {
      throw rejected('OtherNode', `Cannot enrol "${node}": the certificate shown is for "${String(commonName)}"`);
    }
  }

  async #nodeExists(text: string): Promise<boolean> {
    const name = decodeURIComponent(text);
    return isObjectName(name) && (await this.#options.nodeExists(name));
  }

  #refuse(request: IncomingMessage, response: ServerResponse, peer: string, error: unknown): void {
    const code = error instanceof FieldError ? (httpCodes[error.code] ?? 500) : error instanceof URIError ? 400 : 500;
    if (code === 401 || code === 403) this.#failures.failed(peer);
    const fields = { peer, path: request.url?.slice(0, 200), status: code, error: describeError(error) };
    if (code >= 500) this.#options.log.error('enrolment failed', fields);
    else this.#options.log.warn('enrolment refused', fields);
    if (response.headersSent) return void response.destroy();
    // What went wrong inside is for our log; a stranger on this port learns only about his own mistakes.
    reply(
      response,
      code,
      code >= 500 ? 'Cannot enrol: internal error, see the log of the cloud' : describeError(error),
    );
    if (!request.complete) request.destroy();
  }
}

const httpCodes: Readonly<Record<string, number>> = {
  InvalidNodeName: 400,
  InvalidRequest: 400,
  Unauthorized: 401,
  InvalidToken: 401,
  TokenExpired: 401,
  OtherNode: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NodeConnected: 409,
  RequestTooLong: 413,
  TooManyFailures: 429,
};

function reply(response: ServerResponse, status: number, body: Buffer | string): void {
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) {
      throw rejected('RequestTooLong', `Cannot sign certificate request: at most ${maxBodyBytes} bytes are read`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
