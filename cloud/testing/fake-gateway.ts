import { ackFrame, handshake, heldFrame, keepaliveFrame } from '@selvedge/contract/link-build';
import { decodeFrame, encodeFrame, type LinkFrame } from '@selvedge/contract/link-frame';
import { WebSocket } from 'ws';

export interface FakeGatewayOptions {
  readonly port: number;
  readonly node: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** What it says it holds; absent: it speaks as a KubeEdge edge does. */
  readonly held?: Parameters<typeof heldFrame>[1]['objects'];
  /** Whether objects are acknowledged as they come. Default true. */
  readonly acknowledges?: boolean;
}

/** The edge's end of the link, in the contract's frames: keeps what came, acknowledges objects, waits for what a test wants. */
export class FakeGateway {
  readonly frames: LinkFrame[] = [];
  readonly #socket: WebSocket;
  readonly #acknowledges: boolean;
  #waiters: { match: (frame: LinkFrame) => boolean; resolve: (frame: LinkFrame) => void }[] = [];

  private constructor(socket: WebSocket, acknowledges: boolean) {
    this.#socket = socket;
    this.#acknowledges = acknowledges;
    socket.on('message', (data) => this.#receive(decodeFrame(String(data))));
    socket.on('error', () => socket.terminate());
  }

  /** @throws Error with the HTTP status when the handshake was refused */
  static async connect(options: FakeGatewayOptions): Promise<FakeGateway> {
    const { port, node, ca, cert, key, held } = options;
    const headers = {
      [handshake.nodeHeader]: node,
      [handshake.projectHeader]: handshake.project,
      [handshake.useHeader]: 'msg',
      ...(held ? { [handshake.selvedgeHeader]: handshake.selvedgeVersion } : {}),
    };
    const url = `wss://127.0.0.1:${port}/${handshake.project}/${node}/events`;
    const socket = new WebSocket(url, { ca, cert, key, headers, perMessageDeflate: false });
    const gateway = new FakeGateway(socket, options.acknowledges ?? true);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_, response) => reject(new Error(`HTTP ${response.statusCode}`)));
    });
    gateway.send(keepaliveFrame({ now: Date.now() }));
    if (held) gateway.send(heldFrame({ now: Date.now() }, { objects: [...held] }));
    return gateway;
  }

  send(frame: LinkFrame): void {
    this.sendText(encodeFrame(frame));
  }

  sendText(text: string | Buffer): void {
    this.#socket.send(text);
  }

  /** The first frame, seen or to come, that matches. */
  receive(what: string, match: (frame: LinkFrame) => boolean, withinMs = 5_000): Promise<LinkFrame> {
    const seen = this.frames.find(match);
    if (seen) return Promise.resolve(seen);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const got = this.frames.map((frame) => `${frame.route.operation} ${frame.route.resource}`).join(', ');
        reject(new Error(`no ${what} within ${withinMs} ms; got: ${got}`));
      }, withinMs);
      this.#waiters.push({
        match,
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
      });
    });
  }

  object(operation: string, resource: string, generation?: number): Promise<LinkFrame> {
    return this.receive(`${operation} of ${resource}`, (frame) => {
      const metadata = (frame.content as { metadata?: { generation?: number } } | undefined)?.metadata;
      return (
        frame.route.operation === operation &&
        frame.route.resource === resource &&
        (generation === undefined || metadata?.generation === generation)
      );
    });
  }

  answerTo(frame: LinkFrame): Promise<LinkFrame> {
    return this.receive(
      `answer to ${frame.route.resource}`,
      (other) => other.header.parent_msg_id === frame.header.msg_id,
    );
  }

  /** Resolves with the close code. */
  closed(): Promise<number> {
    if (this.#socket.readyState === WebSocket.CLOSED) return Promise.resolve(0);
    return new Promise((resolve) => this.#socket.once('close', resolve));
  }

  /** Cuts the connection without a goodbye. */
  cut(): void {
    this.#socket.terminate();
  }

  #receive(frame: LinkFrame): void {
    this.frames.push(frame);
    const isObject = frame.header.parent_msg_id === undefined && frame.header.resourceversion !== undefined;
    if (isObject && this.#acknowledges) this.send(ackFrame({ now: Date.now() }, frame));
    const matching = this.#waiters.filter((waiter) => waiter.match(frame));
    this.#waiters = this.#waiters.filter((waiter) => !matching.includes(waiter));
    for (const waiter of matching) waiter.resolve(frame);
  }
}
