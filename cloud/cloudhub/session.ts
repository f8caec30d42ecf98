import type { Clock, Timer } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { keepaliveTimeoutMs } from '@selvedge/contract/link-build';
import { decodeFrame, encodeFrame, type LinkFrame } from '@selvedge/contract/link-frame';
import { type LinkMessage, readMessage } from '@selvedge/contract/link-message';
import type { RawData, WebSocket } from 'ws';
import { type LinkedObject, type ObjectRef, Outbox } from './outbox.ts';
import type { RepeatLog } from './repeat-log.ts';

/** What a session tells. Nothing here may throw. */
export interface SessionEvents {
  /** It is known what the node holds: deliver now. */
  readonly ready: (session: Session) => void;
  /** A message that is not the session's own business. */
  readonly message: (session: Session, message: LinkMessage) => void;
  /** The node has acknowledged the newest wish about an object. */
  readonly settled: (session: Session, ref: ObjectRef) => void;
  readonly closed: (session: Session, reason: string) => void;
}

export interface SessionOptions {
  readonly node: string;
  /** Address that it comes from. */
  readonly peer: string;
  /** The other end is ours too: it tells what it holds. */
  readonly ours: boolean;
  readonly socket: WebSocket;
  readonly clock: Clock;
  readonly log: Logger;
  readonly repeatLog: RepeatLog;
  readonly events: SessionEvents;
}

/** Bytes that may wait in the socket before objects wait in the outbox instead. */
const maxBuffered = 4 * 1_048_576;
/** A gateway that reads nothing while answers pile up is cut off at this many bytes. */
const maxBacklog = 32 * 1_048_576;
/** How long one of ours may take to say what it holds; then it is taken to hold nothing. */
const heldTimeout = seconds(5);

/** One gateway's connection, from handshake to close. */
export class Session {
  readonly node: string;
  readonly peer: string;
  readonly ours: boolean;
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  #isReady = false;
  #lastSeen: number;
  #badFrames = 0;
  #keepalive: Timer;
  #heldTimer: Timer | undefined;
  #closed = false;

  constructor(options: SessionOptions) {
    const { socket, clock } = options;
    this.node = options.node;
    this.peer = options.peer;
    this.ours = options.ours;
    this.#options = options;
    this.#lastSeen = clock.monotonic();
    this.#outbox = new Outbox({
      clock,
      send: (frame) => this.send(frame),
      canSend: () => !this.#closed && socket.bufferedAmount < maxBuffered,
      onSettled: (ref) => options.events.settled(this, ref),
    });
    this.#keepalive = this.#watchKeepalive();
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.once('close', (code, reason) =>
      this.#end(`closed by the gateway: ${code} ${reason.toString('utf8')}`.trim()),
    );
    // ws always emits close after error; without a listener the error would end the process.
    socket.on('error', (error) => this.#warn('link error', { error: error.message }));
  }

  /** Whether it is known what the node holds. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** When a frame last came, on the monotonic clock. */
  get lastSeen(): number {
    return this.#lastSeen;
  }

  /** Frames that could not be read. */
  get badFrames(): number {
    return this.#badFrames;
  }

  /** Begins: one of ours is given a moment to say what it holds, a KubeEdge edge never says. */
  start(): void {
    if (!this.ours) this.#becomeReady();
    else this.#heldTimer = this.#options.clock.after('held', heldTimeout, () => this.#becomeReady());
  }

  put(object: LinkedObject): void {
    this.#outbox.put(object);
  }

  delete(ref: ObjectRef): void {
    this.#outbox.delete(ref);
  }

  mayHold(ref: ObjectRef): boolean {
    return this.#outbox.mayHold(ref);
  }

  acknowledged(ref: ObjectRef): { readonly uid: string; readonly generation: number } | undefined {
    return this.#outbox.acknowledged(ref);
  }

  held(kind: ObjectRef['kind']): ObjectRef[] {
    return this.#outbox.held(kind);
  }

  /** Puts a frame on the wire: an answer, or an object from the outbox. Lost when the session ends first. */
  send(frame: LinkFrame): void {
    if (this.#closed) return;
    const { socket } = this.#options;
    if (socket.bufferedAmount > maxBacklog) {
      this.close(1008, `more than ${maxBacklog} bytes are waiting to be read`);
      return;
    }
    socket.send(encodeFrame(frame), (error) => {
      if (!error && socket.bufferedAmount < maxBuffered) this.#outbox.flush();
    });
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    const { socket, clock } = this.#options;
    socket.close(code, reason.slice(0, 120));
    // A dead path never answers the close; the socket must not outlive the session by more than this.
    clock.after('terminate link', millis(1_000), () => socket.terminate());
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#keepalive.cancel();
    this.#heldTimer?.cancel();
    this.#outbox.stop();
    this.#options.events.closed(this, reason);
  }

  #watchKeepalive(): Timer {
    const left = this.#lastSeen + keepaliveTimeoutMs - this.#options.clock.monotonic();
    return this.#options.clock.after('keepalive', millis(Math.max(left, 0)), () => {
      if (this.#lastSeen + keepaliveTimeoutMs > this.#options.clock.monotonic())
        this.#keepalive = this.#watchKeepalive();
      else this.close(1001, `no keepalive for ${keepaliveTimeoutMs / 1_000} s`);
    });
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closed) return;
    try {
      if (isBinary) throw new Error('it is binary; frames are JSON text');
      this.#dispatch(readMessage(decodeFrame(textOf(data))));
    } catch (error) {
      this.#badFrames++;
      this.#warn('frame dropped', { error: describeError(error), badFrames: this.#badFrames });
    }
  }

  #dispatch(message: LinkMessage): void {
    this.#lastSeen = this.#options.clock.monotonic();
    switch (message.type) {
      case 'keepalive':
        return;
      case 'ack':
        this.#outbox.acknowledge(message.parent);
        return;
      case 'held':
        this.#outbox.learn(message.content);
        this.#becomeReady();
        return;
      case 'error':
        this.#warn('gateway could not take an object', { error: message.text.slice(0, 500) });
        return;
      case 'unknown':
        this.#warn('frame of unknown resource dropped', { resource: message.resource.slice(0, 200) });
        return;
      default:
        this.#options.events.message(this, message);
    }
  }

  #becomeReady(): void {
    this.#heldTimer?.cancel();
    if (this.#isReady || this.#closed) return;
    this.#isReady = true;
    this.#options.events.ready(this);
  }

  #warn(message: string, fields: Record<string, unknown>): void {
    this.#options.repeatLog.warn(`${message} ${this.node}`, message, { node: this.node, ...fields });
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
