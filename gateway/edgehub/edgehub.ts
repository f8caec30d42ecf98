import type { Clock } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { describeError, transient } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { ackFrame, errorFrame, heldFrame } from '@selvedge/contract/link-build';
import { decodeFrame, type LinkFrame } from '@selvedge/contract/link-frame';
import { type LinkMessage, readMessage } from '@selvedge/contract/link-message';
import type { Held } from '@selvedge/contract/link-report';
import { CloudConnection, type ConnectionState } from './connection.ts';
import type { NodeIdentity } from './identity.ts';
import { NodeAgent } from './node.ts';
import { ReportPump, type ReportSource } from './reports.ts';

export interface ObjectChange {
  readonly operation: 'insert' | 'update' | 'delete';
  readonly kind: 'device' | 'devicemodel';
  readonly namespace: string;
  readonly name: string;
  readonly content: unknown;
}

/** Keeper of what the cloud sends. */
export interface ObjectKeeper {
  held(): Held['objects'];
  /** On disk when it returns; gives for each what is left to do, or why it cannot be kept. @throws when the disk fails */
  store(changes: readonly ObjectChange[]): ({ readonly settle: () => Promise<void> } | { readonly error: unknown })[];
}

export interface EdgeHubOptions {
  /** `host:port` of the hub. */
  readonly address: string;
  readonly node: string;
  readonly version: string;
  readonly identity: () => Promise<NodeIdentity>;
  readonly objects: ObjectKeeper;
  readonly reports: ReportSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Longest wait for an answer of the cloud. */
const answerWithin = seconds(10);
const maxRequests = 64;

/** The gateway's end of the link: takes what the cloud sends, sends what devices report, keeps the node registered. */
export class EdgeHub {
  readonly #options: EdgeHubOptions;
  readonly #connection: CloudConnection;
  readonly #reports: ReportPump;
  readonly #node: NodeAgent;
  readonly #requests = new Map<string, (content: unknown, problem?: string) => void>();
  /** Objects that came in one go: they are brought to disk together. */
  #arrived: { readonly frame: LinkFrame; readonly change: ObjectChange }[] = [];

  constructor(options: EdgeHubOptions) {
    this.#options = options;
    const { address, node, version, identity, clock, random, log } = options;
    this.#connection = new CloudConnection({
      address,
      node,
      identity,
      clock,
      random,
      log,
      onOpen: (peer) => this.#opened(peer),
      onText: (text) => this.#received(text),
      onClosed: () => this.#closed(),
    });
    this.#reports = new ReportPump({ source: options.reports, send: (frame) => this.#connection.send(frame), clock });
    this.#node = new NodeAgent({ node, version, clock, log, request: (frame) => this.#request(frame) });
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  start(): void {
    this.#connection.start();
  }

  /** A device has something to tell the cloud. */
  reportReady(key: string): void {
    this.#reports.ready(key);
  }

  async stop(): Promise<void> {
    await this.#connection.stop();
  }

  #opened(peer: { selvedge: boolean }): void {
    if (peer.selvedge) {
      this.#connection.send(heldFrame({ now: this.#options.clock.now() }, { objects: this.#options.objects.held() }));
    }
    this.#node.connected();
    this.#reports.connected();
  }

  #closed(): void {
    this.#node.disconnected();
    this.#reports.disconnected();
    for (const answer of [...this.#requests.values()]) answer(undefined, 'the link was lost');
  }

  #received(text: string): void {
    let frame: LinkFrame;
    try {
      frame = decodeFrame(text);
    } catch (error) {
      this.#options.log.warn('frame from the cloud is unreadable', { error: describeError(error) });
      return;
    }
    try {
      this.#handle(readMessage(frame));
    } catch (error) {
      this.#refuse(frame, describeError(error));
    }
  }

  #handle(message: LinkMessage): void {
    switch (message.type) {
      case 'ack':
        if (!this.#reports.settle(message.parent, true)) this.#requests.get(message.parent)?.(message.frame.content);
        return;
      case 'answer':
        if (!this.#reports.settle(message.parent, true)) this.#requests.get(message.parent)?.(message.content);
        // KubeEdge sends an answer again until it is acknowledged.
        this.#acknowledge(message.frame);
        return;
      case 'error':
        this.#options.log.warn('the cloud could not take a frame', { error: message.text.slice(0, 512) });
        if (message.parent === undefined) return;
        if (!this.#reports.settle(message.parent, false)) this.#requests.get(message.parent)?.(undefined, message.text);
        return;
      case 'object':
        this.#takeObject(message);
        return;
      case 'membership':
        // What it lists comes as objects too; it is never acknowledged (KubeEdge).
        return;
      case 'unknown':
        this.#refuse(message.frame, `"${message.resource.slice(0, 200)}" is not known to this gateway`);
        return;
      case 'keepalive':
      case 'membershipQuery':
      case 'twinReport':
      case 'stateReport':
      case 'held':
        this.#refuse(message.frame, `a ${message.type} goes from the edge to the cloud`);
    }
  }

  #takeObject(message: Extract<LinkMessage, { type: 'object' }>): void {
    const { operation, kind, namespace = 'default', name, content, frame } = message;
    if (kind !== 'device' && kind !== 'devicemodel') {
      // Pods and what belongs to them are not served here; unacknowledged they would come again for ever.
      this.#options.log.debug('object of a kind that is not served', { kind, object: name });
      this.#acknowledge(frame);
      return;
    }
    if (operation !== 'insert' && operation !== 'update' && operation !== 'delete') {
      this.#refuse(frame, `operation "${operation}" on a ${kind} goes from the edge to the cloud`);
      return;
    }
    if (this.#arrived.length === 0) setImmediate(() => this.#storeArrived());
    this.#arrived.push({ frame, change: { operation, kind, namespace, name, content } });
  }

  #storeArrived(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    let kept: ReturnType<ObjectKeeper['store']>;
    try {
      kept = this.#options.objects.store(arrived.map(({ change }) => change));
    } catch (error) {
      // Not acknowledged: the cloud sends them again.
      this.#options.log.error('objects were not kept', { count: arrived.length, error: describeError(error) });
      return;
    }
    for (const [index, { frame, change }] of arrived.entries()) {
      const result = kept[index];
      if (!result) continue;
      if ('error' in result) {
        this.#refuse(frame, describeError(result.error));
        continue;
      }
      const log = (error: unknown) =>
        this.#options.log.error('object was not taken up', { object: change.name, error: describeError(error) });
      // The acknowledgement of a deletion says that nobody works on the device here any more: another node may take it.
      if (change.operation === 'delete')
        void result
          .settle()
          .catch(log)
          .finally(() => this.#acknowledge(frame));
      else {
        this.#acknowledge(frame);
        result.settle().catch(log);
      }
    }
  }

  #acknowledge(frame: LinkFrame): void {
    this.#connection.send(ackFrame({ now: this.#options.clock.now() }, frame));
  }

  #refuse(frame: LinkFrame, reason: string): void {
    this.#options.log.warn('frame from the cloud was refused', { resource: frame.route.resource, reason });
    this.#connection.send(errorFrame({ now: this.#options.clock.now() }, frame, reason.slice(0, 1_024)));
  }

  #request(frame: LinkFrame): Promise<unknown> {
    const id = frame.header.msg_id;
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#requests.size >= maxRequests) {
        reject(
          transient('TooManyRequests', `Cannot ask the cloud: ${maxRequests} requests wait for an answer already`),
        );
        return;
      }
      const finish = (content: unknown, problem?: string) => {
        timer.cancel();
        this.#requests.delete(id);
        if (problem === undefined) resolve(content);
        else reject(transient('NoAnswer', `Cannot ask the cloud for "${frame.route.resource}": ${problem}`));
      };
      const timer = clock.after('answer', answerWithin, () => finish(undefined, `no answer within ${answerWithin} ms`));
      this.#requests.set(id, finish);
      if (!this.#connection.send(frame)) finish(undefined, 'there is no link');
    });
  }
}
