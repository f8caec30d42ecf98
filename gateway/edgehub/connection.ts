import { type Clock, sleep, type Timer } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import { describeError, FieldError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { backoff } from '@selvedge/base/retry';
import { handshake, keepaliveFrame, keepaliveMs } from '@selvedge/contract/link-build';
import { encodeFrame, type LinkFrame, maxFrameBytes } from '@selvedge/contract/link-frame';
import WebSocket from 'ws';
import type { NodeIdentity } from './identity.ts';
import { strangeCloud } from './strange-cloud.ts';

export interface ConnectionOptions {
  /** `host:port` of the hub. */
  readonly address: string;
  readonly node: string;
  /** Asked before each try; a rejection counts as a failed try. */
  readonly identity: () => Promise<NodeIdentity>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** A session has begun; `selvedge` says that the other end is one of ours. */
  readonly onOpen: (peer: { selvedge: boolean }) => void;
  readonly onText: (text: string) => void;
  readonly onClosed: () => void;
}

export interface ConnectionState {
  readonly connected: boolean;
  /** ms since the epoch, when `connected` last changed */
  readonly since: number;
  readonly reason?: string;
  /** Stable word for the reason, when there is one. */
  readonly code?: string;
}

const pingEvery = seconds(10);
/** A peer that has not been heard of for this long is gone, whatever TCP says. */
const silenceLimit = seconds(25);
/** How long the other end may take to say goodbye. */
const farewell = millis(300);
/** Bytes that may wait for a slow peer; above it the session is given up. */
const maxBuffered = 4 * maxFrameBytes;

/** The link to the cloud: one WebSocket over mutual TLS, made anew for as long as the process lives. */
export class CloudConnection {
  readonly #options: ConnectionOptions;
  readonly #abort = new AbortController();
  #socket: WebSocket | undefined;
  #state: ConnectionState;
  #running: Promise<void> | undefined;
  /** Why we ended the session ourselves, if we did. */
  #dropped: string | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#state = { connected: false, since: options.clock.now(), reason: 'not connected yet' };
  }

  get state(): ConnectionState {
    return this.#state;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** False when there is no session; what was not sent is not kept. */
  send(frame: LinkFrame): boolean {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    if (socket.bufferedAmount > maxBuffered) {
      this.#drop(`${socket.bufferedAmount} bytes are waiting for the cloud to read them`);
      return false;
    }
    socket.send(encodeFrame(frame));
    return true;
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopping'));
    const socket = this.#socket;
    socket?.close(1001, 'gateway stops');
    const timer = this.#options.clock.after('close link', farewell, () => socket?.terminate());
    await this.#running;
    timer.cancel();
  }

  async #run(): Promise<void> {
    const { clock, random, log, address } = this.#options;
    const schedule = () => backoff({ first: millis(200), max: seconds(30), random });
    let waits = schedule();
    while (!this.#abort.signal.aborted) {
      try {
        const lasted = await this.#session(await this.#options.identity());
        // A session that ended at once is no success: the other end may refuse us after the handshake.
        if (lasted >= seconds(5)) waits = schedule();
      } catch (error) {
        this.#fail(describeError(error), error instanceof FieldError ? error.code : undefined);
      }
      if (this.#abort.signal.aborted) return;
      const wait = waits.next().value;
      log.warn('no link to the cloud', { address, reason: this.#state.reason, retryMs: wait });
      await sleep(clock, wait, this.#abort.signal).catch(() => {});
    }
  }

  /** One session from dialling to its end: ms that it was open. @throws when it was never open */
  #session(identity: NodeIdentity): Promise<number> {
    const { address, node, clock, log } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`wss://${address}/${handshake.project}/${node}/events`, {
        ca: identity.ca,
        cert: identity.certificate,
        key: identity.key,
        minVersion: 'TLSv1.2',
        handshakeTimeout: 10_000,
        perMessageDeflate: false,
        // One that is a little too long is refused by name; far longer ones end the session.
        maxPayload: 2 * maxFrameBytes,
        headers: {
          [handshake.nodeHeader]: node,
          [handshake.projectHeader]: handshake.project,
          [handshake.useHeader]: 'msg',
          [handshake.selvedgeHeader]: handshake.selvedgeVersion,
        },
      });
      this.#socket = socket;
      let openedAt: number | undefined;
      let selvedge = false;
      let stopWatching = () => {};
      let failure: string | undefined;
      let stranger: FieldError | undefined;
      socket.on('upgrade', (response) => {
        selvedge = response.headers[handshake.selvedgeHeader] !== undefined;
      });
      socket.on('open', () => {
        openedAt = clock.monotonic();
        this.#state = { connected: true, since: clock.now() };
        log.info('cloud connected', { address, selvedge });
        stopWatching = this.#watch(socket);
        this.#options.onOpen({ selvedge });
      });
      socket.on('message', (data, binary) => {
        // Go peers send text; a binary frame holds the same JSON or nothing that we know.
        if (!binary || Buffer.isBuffer(data)) this.#options.onText(data.toString());
      });
      socket.on('unexpected-response', (_request, response) => {
        failure = `the cloud refused the link with status ${response.statusCode}`;
        // Its words come with the status or not at all.
        const timer = clock.after('words of refusal', farewell, () => socket.terminate());
        response.once('data', (words: Buffer) => {
          failure = `${failure}: ${words.toString('utf8').trim().slice(0, 200)}`;
        });
        response.once('close', () => {
          timer.cancel();
          socket.terminate();
        });
        response.resume();
      });
      socket.on('error', (error) => {
        stranger ??= strangeCloud(address, error);
        failure ??= describeError(error);
      });
      socket.on('close', (code, reason) => {
        stopWatching();
        if (this.#socket === socket) this.#socket = undefined;
        const text = failure ?? `the cloud closed the link (${code}${reason.length > 0 ? ` ${reason}` : ''})`;
        if (openedAt === undefined) return reject(stranger ?? new Error(text));
        this.#fail(this.#dropped ?? text);
        this.#dropped = undefined;
        this.#options.onClosed();
        resolve(clock.monotonic() - openedAt);
      });
    });
  }

  #drop(reason: string): void {
    this.#dropped ??= reason;
    this.#socket?.terminate();
  }

  #fail(reason: string, code?: string): void {
    const { connected, since } = this.#state;
    const word = code === undefined ? {} : { code };
    this.#state = { connected: false, since: connected ? this.#options.clock.now() : since, reason, ...word };
  }

  /** Keepalives for the cloud, and pings that find a peer that is gone without a word. Returns what ends both. */
  #watch(socket: WebSocket): () => void {
    const { clock } = this.#options;
    let heardAt = clock.monotonic();
    let keepalive: Timer;
    let ping: Timer;
    const heard = () => {
      heardAt = clock.monotonic();
    };
    for (const event of ['message', 'ping', 'pong'] as const) socket.on(event, heard);
    const sendKeepalive = () => {
      this.send(keepaliveFrame({ now: clock.now() }));
      keepalive = clock.after('keepalive', millis(keepaliveMs), sendKeepalive);
    };
    const sendPing = () => {
      const silence = clock.monotonic() - heardAt;
      if (silence > silenceLimit) {
        this.#drop(`the cloud has not been heard of for ${Math.round(silence)} ms`);
        return;
      }
      socket.ping();
      ping = clock.after('ping', pingEvery, sendPing);
    };
    sendKeepalive();
    ping = clock.after('ping', pingEvery, sendPing);
    return () => {
      keepalive.cancel();
      ping.cancel();
    };
  }
}
