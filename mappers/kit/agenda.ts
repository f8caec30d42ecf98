import type { Driver, Point } from './driver.ts';
import { readGroups, readTasks, type ServedPoint } from './prepare.ts';
import { ProbeBudget } from './probe-budget.ts';
import { Schedule } from './schedule.ts';
import type { ServedDevice } from './served-device.ts';

/** Something to be asked of a device. */
export type Job<Line, Device, Address> =
  | {
      readonly kind: 'write' | 'verify';
      readonly device: ServedDevice<Line, Device, Address>;
      readonly property: string;
    }
  | {
      readonly kind: 'poll' | 'probe';
      readonly device: ServedDevice<Line, Device, Address>;
      readonly points: readonly Point<Address>[];
    };

/**
 * So many writes in a row, and a read-back that waits goes first; so many writes and read-backs, and a poll does. An
 * application that never stops writing then slows the polls of its line, and does not end them.
 */
const maxAhead = 32;

/**
 * What is to be asked next of the devices on one line: writes, read-backs, probes, polls, in this order. Among devices the one that
 * was written to longest ago goes first. No timers, no I/O; times are ms of one clock.
 */
export class Agenda<Line, Device, Address> {
  readonly #driver: Driver<Line, Device, Address>;
  /** By key; those whose last write or read-back lies longest back come first. */
  readonly #devices = new Map<string, ServedDevice<Line, Device, Address>>();
  /** The points that the schedule was made of, by device. */
  readonly #planned = new Map<string, ReadonlyMap<string, ServedPoint<Address>>>();
  readonly #schedule = new Schedule<readonly Point<Address>[]>();
  readonly #budget = new ProbeBudget();
  #writesInRow = 0;
  #aheadOfPolls = 0;

  constructor(driver: Driver<Line, Device, Address>) {
    this.#driver = driver;
  }

  get devices(): Iterable<ServedDevice<Line, Device, Address>> {
    return this.#devices.values();
  }

  /** Whether exactly this one is served; another one of the same name may be. */
  has(device: ServedDevice<Line, Device, Address>): boolean {
    return this.#devices.get(device.key) === device;
  }

  /** Serves exactly these devices, as they are configured now. */
  set(devices: readonly ServedDevice<Line, Device, Address>[], now: number): void {
    const wanted = new Map(devices.map((device) => [device.key, device]));
    for (const [key, device] of this.#devices) {
      if (wanted.get(key) === device) continue;
      this.#devices.delete(key);
      this.#planned.delete(key);
      this.#schedule.remove(key);
    }
    for (const device of devices) {
      this.#devices.set(device.key, device);
      if (this.#planned.get(device.key) === device.prepared.points) continue;
      this.#planned.set(device.key, device.prepared.points);
      this.#schedule.set(device.key, readTasks(this.#driver, device.prepared), now);
    }
  }

  /** Not so between a change of its configuration and the next {@link set}: until then it must not be asked here. */
  isHere(device: ServedDevice<Line, Device, Address>): boolean {
    return this.has(device) && this.#planned.get(device.key) === device.prepared.points;
  }

  /** Whether one of the devices is not given up on. */
  get someAlive(): boolean {
    for (const device of this.#devices.values()) if (!device.breaker.isOpen) return true;
    return false;
  }

  /** Whether there is anything to read at all. */
  get isEmpty(): boolean {
    return this.#schedule.nextAt(() => true) === undefined;
  }

  /** Takes what is worth doing now. */
  next(now: number): Job<Line, Device, Address> | undefined {
    const job =
      (this.#aheadOfPolls >= maxAhead ? this.#poll(now) : undefined) ??
      (this.#writesInRow >= maxAhead ? this.#first('verify', now) : undefined) ??
      this.#first('due', now) ??
      this.#first('verify', now) ??
      this.#probe(now) ??
      this.#poll(now);
    const isAhead = job?.kind === 'write' || job?.kind === 'verify';
    this.#writesInRow = job?.kind === 'write' ? this.#writesInRow + 1 : 0;
    this.#aheadOfPolls = isAhead ? this.#aheadOfPolls + 1 : 0;
    if (job && isAhead) {
      this.#devices.delete(job.device.key);
      this.#devices.set(job.device.key, job.device);
    }
    return job;
  }

  /** When {@link next} will have something, if nothing changes; undefined: never. */
  nextAt(now: number): number | undefined {
    let next = this.#schedule.nextAt((key) => this.#isAwake(this.#devices.get(key), now)) ?? Number.POSITIVE_INFINITY;
    for (const device of this.#devices.values()) {
      if (!this.isHere(device)) continue;
      const { breaker } = device;
      if (breaker.isOpen) {
        if (device.prepared.points.size > 0) next = Math.min(next, Math.max(breaker.notBefore, this.#budget.notBefore));
      } else if (breaker.notBefore > now) next = Math.min(next, breaker.notBefore);
      else for (const property of device.busyPoints) next = Math.min(next, device.state(property).notBefore);
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** A job that took `tookMs` has ended: probes are paid from the line's budget, everything else from the device's share. */
  charge(job: Job<Line, Device, Address>, now: number, tookMs: number): void {
    if (job.kind === 'probe') this.#budget.spend(now, tookMs, this.someAlive);
    else this.#schedule.charge(job.device.key, tookMs);
  }

  /** The device has come back: all its points are due. */
  dueNow(device: ServedDevice<Line, Device, Address>, now: number): void {
    this.#schedule.dueNow(device.key, now);
  }

  /** The device refused to read these points together: from now on each half is a request of its own. Returns how many are. */
  halve(device: ServedDevice<Line, Device, Address>, points: readonly Point<Address>[], now: number): number {
    const { placement } = device.prepared;
    if (!placement) return 0;
    const middle = Math.ceil(points.length / 2);
    const halves = [points.slice(0, middle), points.slice(middle)];
    const parts = halves.flatMap((half) => readGroups(this.#driver, half, placement.device));
    this.#schedule.replace(device.key, points, parts, now);
    return parts.length;
  }

  #first(step: 'due' | 'verify', now: number): Job<Line, Device, Address> | undefined {
    for (const device of this.#devices.values()) {
      if (!this.#isAwake(device, now)) continue;
      for (const property of device.busyPoints) {
        const state = device.state(property);
        if (state.step !== step || state.notBefore > now) continue;
        return { kind: step === 'due' ? 'write' : 'verify', device, property };
      }
    }
    return undefined;
  }

  /** Of those that may be probed, the one that has waited longest. */
  #probe(now: number): Job<Line, Device, Address> | undefined {
    if (this.#budget.notBefore > now) return undefined;
    let first: ServedDevice<Line, Device, Address> | undefined;
    for (const device of this.#devices.values()) {
      const { isOpen, notBefore } = device.breaker;
      if (!isOpen || notBefore > now || !this.isHere(device) || device.prepared.points.size === 0) continue;
      if (first === undefined || notBefore < first.breaker.notBefore) first = device;
    }
    const task = first && this.#schedule.takeOf(first.key, now);
    return first && task && { kind: 'probe', device: first, points: task.job };
  }

  #poll(now: number): Job<Line, Device, Address> | undefined {
    const task = this.#schedule.take(now, (key) => this.#isAwake(this.#devices.get(key), now));
    const device = task && this.#devices.get(task.device);
    return device && { kind: 'poll', device, points: task.job };
  }

  #isAwake(device: ServedDevice<Line, Device, Address> | undefined, now: number): boolean {
    return device !== undefined && !device.breaker.isOpen && device.breaker.notBefore <= now && this.isHere(device);
  }
}
