import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '@selvedge/base/clock';
import { minutes, seconds } from '@selvedge/base/duration';
import type { Logger } from '@selvedge/base/log';
import { nodeOfCommonName } from '@selvedge/contract/enrolment';
import { handshake } from '@selvedge/contract/link-build';
import { maxFrameBytes } from '@selvedge/contract/link-frame';
import { isObjectName } from '@selvedge/contract/names';
import { WebSocketServer } from 'ws';
import { RepeatLog } from './repeat-log.ts';
import { Session, type SessionEvents } from './session.ts';

export interface CloudHubOptions {
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  /** Address to listen on; undefined: all there are. */
  readonly host: string | undefined;
  readonly port: number;
  /** Gateways connected at the same time. */
  readonly nodeLimit: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: SessionEvents;
}

/**
 * The end of the cloud-edge link: one WebSocket over mutual TLS per gateway, any path (KubeEdge 3.1). A gateway is who its
 * certificate says, and its `node_id` must agree; a newer session of a node ends the older one.
 */
export class CloudHub {
  readonly #options: CloudHubOptions;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false });
  readonly #sessions = new Map<string, Session>();
  /** When a node was last heard of, on the monotonic clock, after its session has ended. */
  readonly #lastSeen = new Map<string, number>();
  /** When a node's live session was last ended by a newer one, on the monotonic clock. */
  readonly #takenOver = new Map<string, number>();
  readonly #repeatLog: RepeatLog;

  constructor(options: CloudHubOptions) {
    this.#options = options;
    this.#repeatLog = new RepeatLog(options.log, options.clock);
    this.#server = createServer({
      ...options.tls,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      handshakeTimeout: seconds(30),
      maxHeaderSize: 8_192,
    });
    // Twice the limit: handshakes under way, and sessions that take over from dead ones.
    this.#server.maxConnections = options.nodeLimit * 2;
    this.#server.on('request', (_, response) => response.writeHead(426).end('Upgrade to WebSocket'));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('tlsClientError', (error: Error & { code?: string }, socket) => {
      const peer = socket.remoteAddress;
      this.#repeatLog.warn(`tls ${peer} ${error.code}`, 'gateway refused', { peer, error: error.message });
    });
    this.#sockets.on('headers', (headers: string[]) =>
      headers.push(`${handshake.selvedgeHeader}: ${handshake.selvedgeVersion}`),
    );
  }

  /** The port it listens on, once started. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get sessions(): ReadonlyMap<string, Session> {
    return this.#sessions;
  }

  /** When a node was last heard of, on the monotonic clock; undefined when not since this process started. */
  lastSeen(node: string): number | undefined {
    return this.#sessions.get(node)?.lastSeen ?? this.#lastSeen.get(node);
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
    for (const session of this.#sessions.values()) session.close(1001, 'the cloud is stopping');
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      for (const socket of this.#sockets.clients) socket.terminate();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal) {
      const peer = request.socket.remoteAddress;
      this.#repeatLog.warn(`refused ${peer} ${refusal.reason}`, 'gateway refused', { peer, reason: refusal.reason });
      socket.on('error', () => socket.destroy());
      socket.end(
        `HTTP/1.1 ${refusal.status}\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n${refusal.reason}\n`,
      );
      return;
    }
    (socket as TLSSocket).setNoDelay(true);
    (socket as TLSSocket).setKeepAlive(true, seconds(15));
    this.#sockets.handleUpgrade(request, socket, head, (link) => {
      const node = String(request.headers[handshake.nodeHeader]);
      const { clock, log, events } = this.#options;
      const session = new Session({
        node,
        peer: request.socket.remoteAddress ?? '',
        ours: request.headers[handshake.selvedgeHeader] !== undefined,
        socket: link,
        clock,
        log,
        repeatLog: this.#repeatLog,
        events: { ...events, closed: (ended, reason) => this.#ended(ended, reason) },
      });
      const older = this.#sessions.get(node);
      if (older) this.#takeOver(older, session);
      this.#sessions.set(node, session);
      log.info('gateway connected', { node, peer: session.peer, selvedge: session.ours });
      session.start();
    });
  }

  /**
   * A gateway whose line died comes back before its old session is found dead: once, from where it was. From another address,
   * or again within a minute, it is rather two gateways of one name, which somebody has to be told.
   */
  #takeOver(older: Session, newer: Session): void {
    const { node } = newer;
    const now = this.#options.clock.monotonic();
    const before = this.#takenOver.get(node);
    this.#takenOver.set(node, now);
    if (older.peer !== newer.peer || (before !== undefined && now - before < minutes(1))) {
      const hint = 'two gateways may have this name; give one of them another with --node';
      this.#repeatLog.warn(`takeover ${node}`, 'a newer session ends a live one', {
        node,
        peer: newer.peer,
        before: older.peer,
        hint,
      });
    }
    older.close(4001, 'a newer session of this node has come');
  }

  /** Why this peer may not connect; undefined when it may. */
  #refusal(request: IncomingMessage): { status: string; reason: string } | undefined {
    const node = String(request.headers[handshake.nodeHeader] ?? '');
    const commonName = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
    const certified = nodeOfCommonName(String(commonName ?? ''));
    if (!isObjectName(node)) {
      return {
        status: '400 Bad Request',
        reason: `header ${handshake.nodeHeader} is "${node.slice(0, 80)}", not a node's name`,
      };
    }
    if (certified !== node) {
      const reason = `the certificate is for "${certified ?? String(commonName)}", not for node "${node}"`;
      return { status: '403 Forbidden', reason };
    }
    if (!this.#sessions.has(node) && this.#sessions.size >= this.#options.nodeLimit) {
      return {
        status: '503 Service Unavailable',
        reason: `${this.#options.nodeLimit} gateways are connected, the limit`,
      };
    }
    return undefined;
  }

  #ended(session: Session, reason: string): void {
    this.#lastSeen.set(session.node, session.lastSeen);
    if (this.#sessions.get(session.node) === session) this.#sessions.delete(session.node);
    this.#options.log.info('gateway disconnected', { node: session.node, reason });
    this.#options.events.closed(session, reason);
  }
}
