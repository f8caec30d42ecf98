import { createHash } from 'node:crypto';
import type { Clock } from '@selvedge/base/clock';
import { minutes } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { type Device, deviceApiVersion } from '@selvedge/contract/device';
import type { DeviceEvent } from './transitions.ts';

export interface EventStore {
  createEvent(namespace: string, event: object): Promise<void>;
  patchEvent(namespace: string, name: string, patch: object): Promise<void>;
}

const maxWaiting = 1_000;
const maxRemembered = 2_000;
/** The same event within this time is counted on the one that is there, as Kubernetes' own recorders do. */
const foldWithin = minutes(10);

interface Remembered {
  readonly name: string;
  readonly until: number;
  count: number;
}

/** Writes core/v1 Events, one at a time and behind everything else: an event may be lost, a desired value may not. */
export class EventRecorder {
  readonly #options: { store: EventStore; clock: Clock; log: Logger };
  readonly #waiting: { device: Device; event: DeviceEvent; at: number }[] = [];
  readonly #remembered = new Map<string, Remembered>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: { store: EventStore; clock: Clock; log: Logger }) {
    this.#options = options;
  }

  record(device: Device, event: DeviceEvent): void {
    if (this.#stopped) return;
    if (this.#waiting.length >= maxWaiting) {
      this.#options.log.debug('event dropped, too many are waiting', { reason: event.reason });
      return;
    }
    this.#waiting.push({ device, event, at: this.#options.clock.now() });
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.length = 0;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        await this.#write(next.device, next.event, new Date(next.at).toISOString());
      } catch (error) {
        const fields = { device: next.device.metadata.name, reason: next.event.reason, error: describeError(error) };
        this.#options.log.warn('event not written', fields);
      }
    }
    this.#running = undefined;
  }

  async #write(device: Device, event: DeviceEvent, time: string): Promise<void> {
    const { store, clock } = this.#options;
    const { namespace = 'default', name, uid = '' } = device.metadata;
    const lastTimestamp = `${time.slice(0, 19)}Z`;
    const key = createHash('sha256').update(`${uid}\0${event.reason}\0${event.message}`).digest('hex').slice(0, 16);
    const earlier = this.#remembered.get(key);
    if (earlier && earlier.until > clock.monotonic()) {
      const count = earlier.count + 1;
      await store.patchEvent(namespace, earlier.name, { count, lastTimestamp });
      earlier.count = count;
      return;
    }
    const eventName = `${name.slice(0, 200)}.${key}${clock.now().toString(16)}`;
    await store.createEvent(namespace, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: eventName, namespace },
      involvedObject: { apiVersion: deviceApiVersion, kind: 'Device', namespace, name, uid },
      ...event,
      source: { component: 'selvedge-cloud' },
      reportingComponent: 'selvedge-cloud',
      firstTimestamp: lastTimestamp,
      lastTimestamp,
      count: 1,
    });
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    this.#remembered.set(key, { name: eventName, until: clock.monotonic() + foldWithin, count: 1 });
  }
}
