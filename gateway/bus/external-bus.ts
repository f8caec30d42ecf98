import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { maxPayloadBytes } from '@selvedge/contract/json-payload';
import type { MqttClient } from 'mqtt';
import { type Bus, type BusLogin, type BusState, type MessageHandler, matches, type PublishOptions } from './bus.ts';

export interface ExternalBusOptions {
  /** `mqtt://[user:password@]host[:port]` */
  readonly url: string;
  readonly clientId: string;
  readonly log: Logger;
  /** The broker is there, for the first time or again: it may have forgotten every retained topic. */
  readonly onRestored: () => void;
  /** Topics to look through for retained messages that nobody needs any more; those are cleared. */
  readonly retainedFilters: readonly string[];
  readonly isStray: (topic: string) => boolean;
}

/**
 * A broker outside, such as mosquitto. Its rights are its own affair: mappers log in as the gateway does. When it is gone the
 * gateway goes on, tries again every second, and says so in its state.
 */
export class ExternalBus implements Bus {
  readonly #options: ExternalBusOptions;
  readonly #client: MqttClient;
  readonly #handlers: { filter: string; handler: MessageHandler }[] = [];
  readonly #address: string;
  #reason: string | undefined = 'not connected yet';

  private constructor(options: ExternalBusOptions, client: MqttClient) {
    this.#options = options;
    this.#client = client;
    const { hostname, port } = new URL(options.url);
    this.#address = `mqtt://${hostname}:${port || 1883}`;
    client.on('connect', () => {
      this.#reason = undefined;
      options.log.info('bus connected', { broker: this.#address });
      options.onRestored();
    });
    client.on('close', () => {
      if (this.#reason === undefined) options.log.warn('bus lost', { broker: this.#address });
      this.#reason ??= 'connection closed';
    });
    client.on('error', (error) => {
      this.#reason = describeError(error);
      options.log.warn('bus failed', { broker: this.#address, error });
    });
    client.on('message', (topic, payload, packet) => {
      if (packet.retain && payload.length > 0 && options.isStray(topic)) {
        this.publish(topic, '', { retain: true, qos: 1 });
        return;
      }
      this.#dispatch(topic, payload);
    });
    for (const filter of options.retainedFilters) this.subscribe(filter, () => {});
  }

  /** Loads the client library only here: without an external broker it costs no memory. */
  static async start(options: ExternalBusOptions): Promise<ExternalBus> {
    // The default alone: of a CommonJS module in a chunk of its own, bundles know no names.
    const { default: mqtt } = await import('mqtt');
    const client = mqtt.connect(options.url, {
      clientId: options.clientId,
      clean: true,
      reconnectPeriod: 1_000,
      connectTimeout: 10_000,
      queueQoSZero: false,
      keepalive: 20,
    });
    return new ExternalBus(options, client);
  }

  get state(): BusState {
    const { connected } = this.#client;
    return { address: this.#address, connected, ...(connected || !this.#reason ? {} : { reason: this.#reason }) };
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): void {
    // A queue for a broker that is away would have no bound; everything that matters is asked for again when it is back.
    if (!this.#client.connected) return;
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload);
    this.#client.publish(topic, bytes, options, (error) => {
      if (error) this.#options.log.debug('message was not published', { topic, error });
    });
  }

  subscribe(filter: string, handler: MessageHandler): void {
    this.#handlers.push({ filter, handler });
    this.#client.subscribe(filter, { qos: 1 }, (error) => {
      if (error) this.#options.log.debug('subscription is late', { topic: filter, error });
    });
  }

  isWatched(): boolean {
    return this.#client.connected;
  }

  login(): BusLogin {
    const { username, password } = new URL(this.#options.url);
    return { broker: this.#address, username: decodeURIComponent(username), password: decodeURIComponent(password) };
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #dispatch(topic: string, payload: Uint8Array): void {
    if (payload.byteLength > maxPayloadBytes) {
      this.#options.log.warn('message on the bus is too long', {
        topic: topic.slice(0, 256),
        bytes: payload.byteLength,
      });
      return;
    }
    for (const { filter, handler } of this.#handlers) if (matches(filter, topic)) handler(topic, payload);
  }
}
