import type { Clock, Timer } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { configError, describeError, rejected } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { type DeviceRef, deviceKey, parseDeviceKey } from '@selvedge/contract/names';
import { buildTopic, decodePayload, encodePayload, parseTopic } from '@selvedge/contract/topics';
import { judgeOf } from './desired-state.ts';
import { reduce } from './reduce.ts';
import { type OutgoingReport, ReportLedger } from './report-ledger.ts';
import {
  type DurableTwin,
  desiredMessage,
  emptyTwin,
  type LiveTwin,
  type MapperPresence,
  type Twin,
  type TwinEffect,
  type TwinEvent,
} from './twin-state.ts';

/** Keeps twins: what is saved is durable when the call returns, what is touched is written a little later. */
export interface TwinStore {
  load(): readonly { readonly device: string; readonly state: unknown; readonly live: unknown }[];
  save(states: ReadonlyMap<string, unknown>): void;
  touch(device: string, live: () => unknown): void;
  remove(device: string): void;
}

/** The local MQTT bus. Publishing never fails here: the bus gets lost messages right when it is back. */
export interface TwinBus {
  publish(topic: string, payload: string, options: { retain: boolean; qos: 0 | 1 }): void;
}

export interface DeviceTwinsOptions {
  readonly store: TwinStore;
  readonly bus: TwinBus;
  readonly clock: Clock;
  readonly log: Logger;
  /** A device has something to tell the cloud: ask {@link DeviceTwins.nextReport}. */
  readonly onReport: (key: string) => void;
  /** A twin has changed (`before` undefined: it is new). For watchers on this box; the change is saved already. */
  readonly onChange: (key: string, after: Twin | undefined, before: Twin | undefined) => void;
}

interface Entry {
  twin: Twin;
  readonly ledger: ReportLedger;
  timer?: Timer;
  timerAt?: number;
}

/** How long a mapper may take to let go of a device that is gone, ms. */
const releaseLimit = millis(1_500);
const saveAgain = millis(1_000);

/** Steps on the way of a write need not be on disk: after a restart the mapper begins any write anew that has no end. */
const isPassing = (event: TwinEvent): boolean =>
  event.type === 'outcome' && (event.outcome.phase === 'Sent' || event.outcome.phase === 'Acknowledged');

/**
 * Shell around {@link reduce}: loads, calls, saves in one transaction, then performs the effects. Everything that happens within
 * one turn of the event loop is saved together, so that a hundred devices at once cost one wait for the disk.
 */
export class DeviceTwins {
  readonly #options: DeviceTwinsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #presence = new Map<string, MapperPresence>();
  readonly #releases = new Map<string, () => void>();
  /** Changes that are not on disk yet, by device, with the twin before the first of them. */
  #changed = new Map<string, { before: Twin; save: boolean }>();
  #effects: { effect: TwinEffect; of: DurableTwin }[] = [];
  #settling: ReturnType<typeof setImmediate> | Timer | undefined;

  constructor(options: DeviceTwinsOptions) {
    this.#options = options;
  }

  /** Takes up what is on disk. Publishes nothing: see {@link republish}. */
  start(): void {
    for (const row of this.#options.store.load()) {
      try {
        const { namespace, name } = parseDeviceKey(row.device);
        const durable = row.state as DurableTwin;
        const blank = emptyTwin({ namespace, name, uid: durable.uid }, { state: 'starting' }, this.#now());
        const live = { ...blank.live, ...(row.live as LiveTwin | undefined), mapper: blank.live.mapper };
        this.#entries.set(row.device, { twin: { durable, live }, ledger: new ReportLedger() });
      } catch (error) {
        this.#options.log.error('stored twin is unreadable', { device: row.device, error: describeError(error) });
      }
    }
  }

  stop(): void {
    this.#settle();
    for (const entry of this.#entries.values()) entry.timer?.cancel();
    for (const release of this.#releases.values()) release();
  }

  keys(): string[] {
    return [...this.#entries.keys()];
  }

  get(key: string): Twin | undefined {
    return this.#entries.get(key)?.twin;
  }

  /** Protocols that some device here needs. */
  protocols(): Set<string> {
    const found = new Set<string>();
    for (const { twin } of this.#entries.values()) {
      if (twin.durable.resolved) found.add(twin.durable.resolved.protocol);
    }
    return found;
  }

  /** The protocol whose mapper serves the device: the rule of the bus about who may speak of it. */
  ownerOf(device: DeviceRef): string | undefined {
    return this.get(deviceKey(device))?.durable.resolved?.protocol;
  }

  applied(device: Device, model: DeviceModel | undefined): void {
    const { namespace = 'default', name, uid = '' } = device.metadata;
    const key = deviceKey({ namespace, name });
    if (!this.#entries.has(key)) {
      const twin = emptyTwin({ namespace, name, uid }, { state: 'starting' }, this.#now());
      this.#entries.set(key, { twin, ledger: new ReportLedger() });
    }
    this.#apply(key, { type: 'device', device, model });
    const protocol = this.get(key)?.durable.resolved?.protocol;
    const presence = protocol === undefined ? undefined : this.#presence.get(protocol);
    if (presence) this.#apply(key, { type: 'mapper', presence });
  }

  /** Forgets a device. Resolves when its mapper has let go of it, or is not there, or has had time enough. */
  async removed(device: DeviceRef, uid: string): Promise<void> {
    const key = deviceKey(device);
    const entry = this.#entries.get(key);
    if (!entry || entry.twin.durable.uid !== uid) return;
    this.#settle();
    entry.timer?.cancel();
    this.#entries.delete(key);
    this.#options.store.remove(key);
    const { resolved } = entry.twin.durable;
    if (resolved) {
      const served = entry.twin.live.mapper.state === 'up';
      const released = served ? this.#waitForRelease(key) : Promise.resolve();
      this.#clear(buildTopic('deviceConfig', { mapper: resolved.protocol, ...device }));
      await released;
    }
    // A successor of the same name may have arrived meanwhile, and these topics are its own by now.
    if (!this.#entries.has(key))
      for (const name of ['desired', 'health'] as const) this.#clear(buildTopic(name, device));
    this.#options.onChange(key, undefined, entry.twin);
  }

  /** Publishes everything that is retained on the bus once more: at start, and when a broker has lost its memory. */
  republish(): void {
    for (const { twin } of this.#entries.values()) {
      if (!twin.durable.resolved) continue;
      this.#perform({ type: 'publishConfig', device: twin.durable.resolved }, twin.durable);
      this.#perform({ type: 'publishDesired', message: desiredMessage(twin.durable) }, twin.durable);
    }
  }

  /** Whether a retained topic of the bus speaks of a device that is not here (any more). */
  isStray(topic: string): boolean {
    const parsed = parseTopic(topic);
    if (!parsed || parsed.name === 'mapperState') return false;
    const { namespace = '', name = '', mapper } = parsed.parameters;
    const resolved = this.get(deviceKey({ namespace, name }))?.durable.resolved;
    return resolved === undefined || (mapper !== undefined && mapper !== resolved.protocol);
  }

  clearTopic(topic: string): void {
    this.#clear(topic);
  }

  /** A message of a mapper on the bus. What does not hold to its topic's shape is logged and dropped. */
  onMessage(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(topic);
    if (!parsed) return;
    const { namespace = '', name = '' } = parsed.parameters;
    const key = deviceKey({ namespace, name });
    if (payload.byteLength === 0) {
      if (parsed.name === 'health') this.#releases.get(key)?.();
      return;
    }
    try {
      if (parsed.name === 'samples') this.#apply(key, { type: 'samples', ...decodePayload('samples', payload) });
      else if (parsed.name === 'outcome') this.#apply(key, { type: 'outcome', ...decodePayload('outcome', payload) });
      else if (parsed.name === 'health') {
        this.#apply(key, { type: 'health', message: decodePayload('health', payload) });
      }
    } catch (error) {
      this.#options.log.warn('message on the bus is unreadable', { topic, error: describeError(error) });
    }
  }

  /** How the mapper of `protocol` is doing. */
  setPresence(protocol: string, presence: MapperPresence): void {
    this.#presence.set(protocol, presence);
    for (const [key, { twin }] of this.#entries) {
      if (twin.durable.resolved?.protocol === protocol) this.#apply(key, { type: 'mapper', presence });
    }
  }

  /**
   * A write asked for on this box. Accepted and durable when it returns; what becomes of it shows in the twin.
   * @throws configError `NotFound`, rejected with the judge's code when the value cannot be written
   */
  write(device: DeviceRef, property: string, value: string): Twin {
    const key = deviceKey(device);
    const twin = this.get(key);
    if (!twin) throw configError('NotFound', `Cannot write "${key}/${property}": this gateway has no such device`);
    const { resolved, refusal } = twin.durable;
    if (!resolved)
      throw rejected(refusal?.reason ?? 'NoModel', `Cannot write "${key}/${property}": ${refusal?.message}`);
    const verdict = judgeOf(resolved, undefined, [], property)(value);
    if (!verdict.ok) throw rejected(verdict.code, `Cannot write "${key}/${property}": ${verdict.reason}`);
    this.#apply(key, { type: 'write', property, value });
    this.#settle();
    return this.get(key) ?? twin;
  }

  /**
   * What a mapper of KubeEdge's own reports.
   * @throws rejected `ServedHere` when a mapper of ours serves the device: nobody else may say what its values are
   */
  foreign(device: DeviceRef, event: Extract<TwinEvent, { type: 'foreignValues' | 'foreignState' }>): void {
    const key = deviceKey(device);
    const twin = this.get(key);
    if (twin?.durable.resolved && twin.live.mapper.state !== 'absent') {
      const reason = `its values come from this gateway's own mapper "${twin.durable.resolved.protocol}"`;
      throw rejected('ServedHere', `Cannot take what was reported for "${key}": ${reason}`);
    }
    this.#apply(key, event);
  }

  /** What is to be sent to the cloud about a device now, or undefined. Ask again until there is nothing. */
  nextReport(key: string): OutgoingReport | undefined {
    const entry = this.#entries.get(key);
    return entry?.ledger.take(entry.twin, this.#options.clock.monotonic(), this.#now());
  }

  confirmed(key: string, token: number): void {
    const entry = this.#entries.get(key);
    entry?.ledger.confirmed(token);
    if (entry) this.#schedule(key, entry);
  }

  lost(key: string, token: number): void {
    const entry = this.#entries.get(key);
    entry?.ledger.lost(token);
    if (entry) this.#schedule(key, entry);
  }

  /** Devices of which the cloud has not confirmed everything. */
  unsettled(): string[] {
    const now = this.#options.clock.monotonic();
    return [...this.#entries].filter(([, { twin, ledger }]) => !ledger.isSettled(twin, now)).map(([key]) => key);
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #apply(key: string, event: TwinEvent): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    const before = entry.twin;
    const { twin, effects } = reduce(before, event, this.#now());
    entry.twin = twin;
    if (twin.durable === before.durable && twin.live === before.live) return;
    if (twin.live !== before.live) this.#options.store.touch(key, () => entry.twin.live);
    for (const effect of effects) this.#effects.push({ effect, of: twin.durable });
    const change = this.#changed.get(key) ?? { before, save: false };
    change.save ||= twin.durable !== before.durable && !isPassing(event);
    this.#changed.set(key, change);
    this.#settling ??= setImmediate(() => this.#settle());
  }

  /** Saves what changed, then does what is to be done about it. While the disk fails nothing is done, and it is tried again. */
  #settle(): void {
    this.#settling = undefined;
    const changes = this.#changed;
    const unsaved = new Map<string, DurableTwin>();
    for (const [key, { save }] of changes) {
      const twin = this.get(key);
      if (save && twin) unsaved.set(key, twin.durable);
    }
    try {
      if (unsaved.size > 0) this.#options.store.save(unsaved);
    } catch (error) {
      this.#options.log.error('twins were not saved', { count: unsaved.size, error: describeError(error) });
      this.#settling = this.#options.clock.after('save twins', saveAgain, () => this.#settle());
      return;
    }
    this.#changed = new Map();
    for (const { effect, of } of this.#effects.splice(0)) this.#perform(effect, of);
    for (const [key, { before }] of changes) {
      const entry = this.#entries.get(key);
      if (!entry) continue;
      this.#options.onChange(key, entry.twin, before);
      this.#schedule(key, entry);
    }
  }

  #perform(effect: TwinEffect, { namespace, name }: DurableTwin): void {
    const publish = (topic: string, payload: string) =>
      this.#options.bus.publish(topic, payload, { retain: true, qos: 1 });
    switch (effect.type) {
      case 'publishConfig': {
        const topic = buildTopic('deviceConfig', { mapper: effect.device.protocol, namespace, name });
        publish(topic, encodePayload('deviceConfig', effect.device));
        break;
      }
      case 'publishDesired':
        publish(buildTopic('desired', { namespace, name }), encodePayload('desired', effect.message));
        break;
      case 'clearConfig':
        this.#clear(buildTopic('deviceConfig', { mapper: effect.protocol, namespace, name }));
    }
  }

  #clear(topic: string): void {
    this.#options.bus.publish(topic, '', { retain: true, qos: 1 });
  }

  /** A mapper clears the health of a device when it has let go of it. */
  #waitForRelease(key: string): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel();
        this.#releases.delete(key);
        resolve();
      };
      const timer = this.#options.clock.after(`release ${key}`, releaseLimit, finish);
      this.#releases.get(key)?.();
      this.#releases.set(key, finish);
    });
  }

  /** Calls `onReport` when the device next has something to tell. */
  #schedule(key: string, entry: Entry): void {
    const now = this.#options.clock.monotonic();
    const due = entry.ledger.due(entry.twin, now);
    if (due !== undefined && due <= now) this.#options.onReport(key);
    if (due === entry.timerAt) return;
    entry.timer?.cancel();
    delete entry.timer;
    delete entry.timerAt;
    if (due === undefined || due <= now) return;
    entry.timerAt = due;
    entry.timer = this.#options.clock.after(`report ${key}`, millis(due - now), () => {
      delete entry.timer;
      delete entry.timerAt;
      this.#schedule(key, entry);
    });
  }
}
