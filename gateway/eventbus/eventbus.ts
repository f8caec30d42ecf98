import { randomUUID } from 'node:crypto';
import type { Clock } from '@selvedge/base/clock';
import { configError, describeError, FieldError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { propertyHint } from '@selvedge/contract/device-model';
import type { LocalDevice } from '@selvedge/contract/gateway-api';
import {
  decodeHwTwinUpdate,
  type HwRequest,
  type HwTwinUpdate,
  hwStates,
  hwSubscriptions,
  hwTopics,
  parseHwTopic,
} from '@selvedge/contract/hw-topics';
import { parseJsonPayload } from '@selvedge/contract/json-payload';
import { type DeviceRef, deviceKey } from '@selvedge/contract/names';
import { deltaOf, documentOf, type HwHeader, twinsOf } from './documents.ts';

export interface HwBus {
  publish(topic: string, payload: string, options: { retain: boolean; qos: 0 | 1 }): void;
  subscribe(filter: string, handler: (topic: string, payload: Uint8Array) => void): void;
  isWatched(topic: string): boolean;
}

/** The twins, as far as KubeEdge's topics reach. */
export interface HwTwins {
  devices(): LocalDevice[];
  device(device: DeviceRef): LocalDevice | undefined;
  /** What a mapper of KubeEdge's own found. */
  report(device: DeviceRef, values: Readonly<Record<string, { value: string; at: number }>>): void;
  reportState(device: DeviceRef, state: string): void;
  /** @throws FieldError when the value cannot be written */
  write(device: DeviceRef, property: string, value: string): void;
}

export interface EventBusOptions {
  readonly node: string;
  readonly bus: HwBus;
  readonly twins: HwTwins;
  readonly clock: Clock;
  readonly log: Logger;
}

/** KubeEdge's `$hw/events/...` topics, for local applications and mappers of older KubeEdge. */
export class EventBus {
  readonly #options: EventBusOptions;

  constructor(options: EventBusOptions) {
    this.#options = options;
  }

  start(): void {
    for (const filter of hwSubscriptions) {
      this.#options.bus.subscribe(filter, (topic, payload) => this.#onMessage(topic, payload));
    }
  }

  /** Whether anybody listens to changes of the device. */
  wants(device: DeviceRef): boolean {
    const { bus } = this.#options;
    return bus.isWatched(hwTopics.twinDocument(device)) || bus.isWatched(hwTopics.twinDelta(device));
  }

  /** A twin has changed: tells whoever listens. Nothing is computed while nobody does. */
  changed(after: LocalDevice, before: LocalDevice | undefined): void {
    const { bus } = this.#options;
    const header = this.#header();
    if (bus.isWatched(hwTopics.twinDocument(after)))
      this.#publish(hwTopics.twinDocument(after), documentOf(header, after, before));
    if (bus.isWatched(hwTopics.twinDelta(after))) this.#publish(hwTopics.twinDelta(after), deltaOf(header, after));
  }

  /** A device has come or gone. */
  membershipChanged(change: { readonly added?: DeviceRef; readonly removed?: DeviceRef }): void {
    const topic = hwTopics.membershipUpdated(this.#options.node);
    if (!this.#options.bus.isWatched(topic)) return;
    const list = (device: DeviceRef | undefined) => (device ? [{ id: deviceKey(device), name: device.name }] : []);
    this.#publish(topic, {
      ...this.#header(),
      added_devices: list(change.added),
      removed_devices: list(change.removed),
    });
  }

  #onMessage(topic: string, payload: Uint8Array): void {
    const request = parseHwTopic(topic);
    if (!request) return;
    let header = this.#header();
    try {
      const content = parseJsonPayload(topic, payload);
      header = this.#header(content);
      this.#answer(request, header, content);
    } catch (error) {
      this.#options.log.debug('request on the bus was refused', { topic, error: describeError(error) });
      this.#refuse(request, header, error);
    }
  }

  #answer(request: HwRequest, header: HwHeader, content: unknown): void {
    const { twins, node } = this.#options;
    if (request.type === 'membershipGet') {
      if (request.node !== node) return;
      const devices = twins
        .devices()
        .map(({ namespace, name, state }) => ({ id: `${namespace}/${name}`, name, state }));
      this.#publish(hwTopics.membershipGetResult(node), { ...header, devices });
      return;
    }
    const device = twins.device(request.device);
    if (!device) {
      throw configError('NotFound', `this gateway has no device "${deviceKey(request.device)}"`);
    }
    switch (request.type) {
      case 'twinGet':
        this.#publish(hwTopics.twinGetResult(device), { ...header, twin: twinsOf(device) });
        return;
      case 'twinUpdate':
        this.#update(device, header, decodeHwTwinUpdate(content));
        return;
      case 'stateUpdate':
        this.#updateState(device, header, content);
    }
  }

  #update(device: LocalDevice, header: HwHeader, update: HwTwinUpdate): void {
    const { twins } = this.#options;
    const known = new Set(device.properties.map((property) => property.name));
    const found: Record<string, { value: string; at: number }> = {};
    for (const [name, { actual }] of Object.entries(update.twin)) {
      if (!known.has(name)) {
        const hint = propertyHint(device.properties, name);
        throw configError('NotFound', `device "${deviceKey(device)}" has no property "${name}"; ${hint}`);
      }
      if (actual?.value !== undefined)
        found[name] = { value: actual.value, at: actual.metadata?.timestamp ?? header.timestamp };
    }
    if (Object.keys(found).length > 0) twins.report(device, found);
    for (const [name, { expected }] of Object.entries(update.twin)) {
      if (expected?.value !== undefined) twins.write(device, name, expected.value);
    }
    this.#publish(hwTopics.twinUpdateResult(device), { ...header, twin: update.twin });
  }

  /** A state that KubeEdge does not know gets no answer, as there. */
  #updateState(device: LocalDevice, header: HwHeader, content: unknown): void {
    const given = (content as { state?: unknown } | null)?.state;
    const word = typeof given === 'string' ? given.toLowerCase() : '';
    const state = hwStates.find((candidate) => candidate === word);
    if (state === undefined) return;
    this.#options.twins.reportState(device, state);
    const online = state === 'online' || state === 'ok';
    const lastOnlineTime = online ? new Date(header.timestamp).toISOString() : '';
    this.#publish(hwTopics.stateUpdateResult(device), {
      ...header,
      device: { name: device.name, state, lastOnlineTime },
    });
  }

  #refuse(request: HwRequest, header: HwHeader, error: unknown): void {
    const code = error instanceof FieldError && error.code === 'NotFound' ? 404 : 400;
    const payload = { ...header, code, reason: describeError(error) };
    if (request.type === 'twinUpdate') this.#publish(hwTopics.twinUpdateResult(request.device), payload);
    else if (request.type === 'twinGet') this.#publish(hwTopics.twinGetResult(request.device), payload);
    else if (request.type === 'stateUpdate') this.#publish(hwTopics.stateUpdateResult(request.device), payload);
  }

  #header(request?: unknown): HwHeader {
    const id = (request as { event_id?: unknown } | null | undefined)?.event_id;
    return { event_id: typeof id === 'string' ? id.slice(0, 128) : randomUUID(), timestamp: this.#options.clock.now() };
  }

  #publish(topic: string, payload: object | undefined): void {
    if (payload) this.#options.bus.publish(topic, JSON.stringify(payload), { retain: false, qos: 0 });
  }
}
