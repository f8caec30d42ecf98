import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { describeError, transient } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { maxPayloadBytes } from '@selvedge/contract/json-payload';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { type Identity, mayPublish, mayReceive, maySubscribe, type OwnerOf } from './access.ts';
import { type Bus, type BusLogin, type BusState, type MessageHandler, matches, type PublishOptions } from './bus.ts';
import { PacketBound } from './packet-bound.ts';

export interface EmbeddedBusOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly ownerOf: OwnerOf;
  readonly log: Logger;
  /** Connections at the same time. Default 256. */
  readonly maxClients?: number;
}

/** Where refused messages go: nobody may subscribe to it. */
const refusedTopic = '$SYS/selvedge/refused';
/** A packet is a payload and its topic. */
const maxPacketBytes = maxPayloadBytes + 70_000;

/**
 * The broker inside the gateway: MQTT 3.1.1 on the loopback interface alone. A mapper proves itself with the password that its
 * process was given; anybody else on this box is an `app`. Nothing outlives the process, as the gateway has it all on disk.
 */
export class EmbeddedBus implements Bus {
  readonly #options: EmbeddedBusOptions;
  readonly #broker: Aedes;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #passwords = new Map<string, Buffer>();
  readonly #identities = new WeakMap<Client, Identity>();
  /** Subscriptions that can match a `$` topic, by client. */
  readonly #dollarFilters = new Map<Client, Set<string>>();
  #port = 0;
  #stopped = false;

  private constructor(options: EmbeddedBusOptions) {
    this.#options = options;
    this.#broker = this.#createBroker();
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** @throws transient `PortInUse` */
  static async start(options: EmbeddedBusOptions): Promise<EmbeddedBus> {
    const bus = new EmbeddedBus(options);
    await bus.#broker.listen();
    try {
      await bus.#listen();
    } catch (error) {
      await bus.stop();
      const text = `Cannot listen on 127.0.0.1:${options.port} for MQTT: ${describeError(error)}`;
      throw transient('PortInUse', `${text}; stop what holds the port, or choose another --mqtt-port`);
    }
    return bus;
  }

  get state(): BusState {
    return { address: `mqtt://127.0.0.1:${this.#port}`, connected: !this.#stopped };
  }

  publish(topic: string, payload: string | Uint8Array, { retain, qos }: PublishOptions): void {
    if (this.#stopped) return;
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload);
    this.#broker.publish({ cmd: 'publish', topic, payload: bytes, retain, qos, dup: false }, (error) => {
      if (error) this.#options.log.error('message was not published', { topic, error });
    });
  }

  subscribe(filter: string, handler: MessageHandler): void {
    this.#broker.subscribe(
      filter,
      (packet, done) => {
        handler(packet.topic, typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload);
        done();
      },
      () => {},
    );
  }

  isWatched(topic: string): boolean {
    for (const filters of this.#dollarFilters.values()) {
      for (const filter of filters) if (matches(filter, topic)) return true;
    }
    return false;
  }

  login(id: string): BusLogin {
    const password = randomBytes(24).toString('base64url');
    this.#passwords.set(id, Buffer.from(password));
    return { broker: this.state.address, username: id, password };
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await new Promise<void>((resolve) => this.#broker.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    if (this.#port !== 0) await closed;
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#options.log.error('MQTT listener failed', { error }));
        const address = this.#server.address();
        this.#port = typeof address === 'object' && address !== null ? address.port : this.#options.port;
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    if (this.#sockets.size >= (this.#options.maxClients ?? 256)) {
      this.#options.log.warn('MQTT client refused: too many', { clients: this.#sockets.size });
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#bound(socket);
    this.#broker.handle(socket);
  }

  /** The broker takes its bytes with `read`: the one place where they pass before they are parsed. */
  #bound(socket: Socket): void {
    const bound = new PacketBound(maxPacketBytes);
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size);
      if (!(chunk instanceof Uint8Array) || bound.accepts(chunk)) return chunk;
      this.#options.log.warn('MQTT packet is too long; connection closed', { maxBytes: maxPacketBytes });
      socket.destroy();
      return null;
    };
  }

  #createBroker(): Aedes {
    const { ownerOf, log } = this.#options;
    const broker = new Aedes({
      connectTimeout: 10_000,
      maxTopicLevels: 32,
      preConnect: (_client, packet, done) => {
        // No session outlives its connection: a queue for somebody who never comes back would have no bound.
        packet.clean = true;
        done(null, true);
      },
      authenticate: (client, username, password, done) => {
        const identity = this.#identify(username, password);
        if (identity) {
          this.#identities.set(client, identity);
          done(null, true);
          return;
        }
        log.warn('MQTT login refused', { username: String(username).slice(0, 64) });
        const error = Object.assign(new Error('bad user name or password'), { returnCode: 4 }) as AuthenticateError;
        done(error, null);
      },
      authorizePublish: (client, packet, done) => {
        const identity = client && this.#identities.get(client);
        const message = { topic: packet.topic, empty: packet.payload.length === 0 };
        if (!identity || !mayPublish(identity, message, ownerOf)) {
          log.warn('MQTT message refused', {
            topic: packet.topic.slice(0, 256),
            client: String(client?.id).slice(0, 64),
          });
          // MQTT 3.1.1, 3.3.5-2: acknowledge and drop, or close the connection. Closing would take a mapper's devices down.
          packet.topic = refusedTopic;
          packet.payload = '';
          packet.retain = false;
        } else if (identity.party === 'app') {
          // Retained topics stay until the process ends; an app's would have no bound.
          packet.retain = false;
        }
        done(null);
      },
      authorizeSubscribe: (client, subscription, done) => {
        const identity = this.#identities.get(client);
        done(null, identity && maySubscribe(identity, subscription.topic) ? subscription : null);
      },
      authorizeForward: (client, packet) => {
        const identity = this.#identities.get(client);
        const message = { topic: packet.topic, empty: packet.payload.length === 0 };
        return identity && mayReceive(identity, message, ownerOf) ? packet : null;
      },
    });
    broker.on('subscribe', (subscriptions, client) => {
      const filters = subscriptions.map(({ topic }) => topic).filter((topic) => topic.startsWith('$'));
      if (filters.length === 0) return;
      const known = this.#dollarFilters.get(client) ?? new Set();
      for (const filter of filters) known.add(filter);
      this.#dollarFilters.set(client, known);
    });
    broker.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.#dollarFilters.get(client)?.delete(filter);
    });
    broker.on('clientDisconnect', (client) => this.#dollarFilters.delete(client));
    const onError = (client: Client, error: Error) =>
      log.debug('MQTT connection ended', { client: String(client?.id).slice(0, 64), error });
    broker.on('clientError', onError);
    broker.on('connectionError', onError);
    return broker;
  }

  #identify(username: string | undefined, password: Buffer | undefined): Identity | undefined {
    if (username === undefined || username === '') return { party: 'app' };
    const expected = this.#passwords.get(username);
    if (!expected || !password || expected.length !== password.length) return undefined;
    return timingSafeEqual(expected, password) ? { party: 'mapper', id: username } : undefined;
  }
}
