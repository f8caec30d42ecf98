import type { Clock } from '@selvedge/base/clock';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import type { DesiredMessage } from '@selvedge/contract/mapper';
import { type DeviceRef, deviceKey } from '@selvedge/contract/names';
import type { ResolvedDevice } from '@selvedge/contract/resolve';
import { buildTopic, encodePayload } from '@selvedge/contract/topics';
import type { Driver, Placement } from './driver.ts';
import type { Health } from './health.ts';
import { Line } from './line.ts';
import { prepare } from './prepare.ts';
import { type DeviceSink, ServedDevice } from './served-device.ts';

/** The bus as a mapper sees it. Publishing never fails; what cannot be delivered now is lost or told again on reconnect. */
export interface MapperBus {
  publish(topic: string, payload: string, options: { retain: boolean; qos: 0 | 1 }): void;
}

export interface MapperOptions<LineSettings, Device, Address> {
  readonly driver: Driver<LineSettings, Device, Address>;
  readonly bus: MapperBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly dataDir: string;
}

/** All devices of one mapper and the lines that they are on. Level-based: told the same again, it does nothing. */
export class Mapper<LineSettings, Device, Address> {
  readonly #options: MapperOptions<LineSettings, Device, Address>;
  readonly #devices = new Map<string, ServedDevice<LineSettings, Device, Address>>();
  readonly #lines = new Map<string, Line<LineSettings, Device, Address>>();
  readonly #lineOf = new Map<string, Line<LineSettings, Device, Address>>();
  /** Desired values by device, also of one whose configuration is not here yet. */
  readonly #desired = new Map<string, DesiredMessage>();
  #arranged: Promise<void> = Promise.resolve();
  #arranging = false;
  #stopped = false;

  constructor(options: MapperOptions<LineSettings, Device, Address>) {
    this.#options = options;
  }

  /** Serves a device as `resolved` says; undefined: no longer. */
  configure(ref: DeviceRef, resolved: ResolvedDevice | undefined): void {
    if (this.#stopped) return;
    const key = deviceKey(ref);
    const device = this.#devices.get(key);
    if (resolved === undefined) {
      this.#devices.delete(key);
      this.#arrange();
      // Clearing the health tells the gateway that nothing is asked of the device any more.
      this.#arranged = this.#arranged.then(() => {
        if (!this.#devices.has(key)) this.#clearHealth(ref);
      });
      return;
    }
    const prepared = prepare(this.#options.driver, resolved);
    this.#warn(
      key,
      prepared.warnings.filter((warning) => !device?.prepared.warnings.includes(warning)),
    );
    if (device && device.uid === resolved.uid) {
      device.configure(prepared);
    } else {
      const { clock, random } = this.#options;
      const fresh = new ServedDevice(prepared, { sink: this.#sink(ref, resolved.uid), now: () => clock.now(), random });
      this.#devices.set(key, fresh);
      fresh.desire(this.#desired.get(key));
      fresh.tellHealth();
    }
    this.#arrange();
  }

  /** What a device should have; undefined: nothing any more. */
  desire(ref: DeviceRef, message: DesiredMessage | undefined): void {
    const key = deviceKey(ref);
    if (message) this.#desired.set(key, message);
    else this.#desired.delete(key);
    this.#devices.get(key)?.desire(message);
    this.#lineOf.get(key)?.poke();
  }

  /** Tells every health and the newest outcomes once more: nothing was told while the bus was away. */
  retell(): void {
    for (const device of this.#devices.values()) {
      device.tellHealth(true);
      device.retellOutcomes();
    }
  }

  /** Finishes writes in hand and closes every line. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#arranged;
    await Promise.all([...this.#lines.values()].map((line) => line.stop()));
  }

  #warn(device: string, warnings: readonly string[]): void {
    for (const warning of warnings) this.#options.log.warn('configuration looks wrong', { device, warning });
  }

  /** Brings lines and devices together, one arrangement after the other; one that has not begun sees what comes until then. */
  #arrange(): void {
    if (this.#arranging) return;
    this.#arranging = true;
    this.#arranged = this.#arranged
      .then(() => {
        this.#arranging = false;
        return this.#arrangeNow();
      })
      .catch((error: unknown) => {
        this.#options.log.error('lines were not arranged', { error: describeError(error) });
      });
  }

  async #arrangeNow(): Promise<void> {
    if (this.#stopped) return;
    const groups = this.#byLine();
    const ending = [...this.#lines].filter(([key, line]) => {
      const group = groups.get(key);
      return !group || !same(group.settings, line.settings);
    });
    for (const [key, line] of ending) {
      this.#lines.delete(key);
      for (const [device, of] of this.#lineOf) if (of === line) this.#lineOf.delete(device);
    }
    // The port of one may be what another waits for: first all are closed, then the others opened.
    await Promise.all(ending.map(([, line]) => line.stop()));
    const serving = [...groups].map(([key, { settings, devices }]) => {
      const line = this.#lines.get(key) ?? this.#createLine(key, settings);
      for (const device of devices) this.#lineOf.set(device.key, line);
      line.start();
      return line.serve(devices);
    });
    await Promise.all(serving);
    for (const key of this.#lineOf.keys()) if (!this.#devices.has(key)) this.#lineOf.delete(key);
  }

  /** Devices by line. Of those that claim one line with different settings the oldest wins; the others are in conflict. */
  #byLine(): Map<string, { settings: LineSettings; devices: ServedDevice<LineSettings, Device, Address>[] }> {
    const groups = new Map<
      string,
      { settings: LineSettings; winner: string; devices: ServedDevice<LineSettings, Device, Address>[] }
    >();
    const byAge = [...this.#devices.values()].sort(
      (a, b) => a.prepared.resolved.createdAt - b.prepared.resolved.createdAt || (a.key < b.key ? -1 : 1),
    );
    for (const device of byAge) {
      const placement: Placement<LineSettings, Device> | undefined = device.prepared.placement;
      if (!placement) continue;
      const group = groups.get(placement.lineKey);
      if (!group) {
        groups.set(placement.lineKey, { settings: placement.line, winner: device.key, devices: [device] });
        device.setConflict(undefined);
      } else if (same(group.settings, placement.line)) {
        group.devices.push(device);
        device.setConflict(undefined);
      } else {
        const reason = `${placement.lineKey} is used by the older device ${group.winner} with other settings; make them equal`;
        device.setConflict(reason);
      }
    }
    return groups;
  }

  #createLine(key: string, settings: LineSettings): Line<LineSettings, Device, Address> {
    const { driver, clock, random, log, dataDir, bus } = this.#options;
    const line = new Line({
      key,
      settings,
      driver,
      clock,
      random,
      log,
      dataDir,
      samples: (device, points) => {
        const { namespace, name } = device.prepared.resolved;
        const topic = buildTopic('samples', { namespace, name });
        bus.publish(topic, encodePayload('samples', { uid: device.uid, points: [...points] }), {
          retain: false,
          qos: 0,
        });
      },
    });
    this.#lines.set(key, line);
    return line;
  }

  #sink({ namespace, name }: DeviceRef, uid: string): DeviceSink {
    const { bus, clock } = this.#options;
    let last: (Health & { since: number }) | undefined;
    return {
      outcome: (property, outcome) => {
        const topic = buildTopic('outcome', { namespace, name });
        bus.publish(topic, encodePayload('outcome', { uid, property, outcome }), { retain: false, qos: 1 });
      },
      health: (health) => {
        const device = this.#devices.get(deviceKey({ namespace, name }));
        // Its successor of the same name has the word; before the first there is none.
        if (device?.uid !== uid) return;
        const unchanged = last?.reason === health.reason && last.message === health.message;
        last = { ...health, since: unchanged && last ? last.since : clock.now() };
        const { generation } = device.prepared.resolved;
        const payload = encodePayload('health', { uid, generation, ...last });
        bus.publish(buildTopic('health', { namespace, name }), payload, { retain: true, qos: 1 });
      },
    };
  }

  #clearHealth({ namespace, name }: DeviceRef): void {
    this.#options.bus.publish(buildTopic('health', { namespace, name }), '', { retain: true, qos: 1 });
  }
}

/** Line settings are plain data. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
