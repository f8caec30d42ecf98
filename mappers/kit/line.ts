import type { Timer } from '@selvedge/base/clock';
import { type Duration, millis } from '@selvedge/base/duration';
import { describeError, FieldError } from '@selvedge/base/errors';
import type { Sample } from '@selvedge/contract/sample';
import { ProbeBudget } from './breaker.ts';
import { Connection, type ConnectionOptions, stopping } from './connection.ts';
import { rawEquals } from './convert.ts';
import type { Call, Point, Reading, Session } from './driver.ts';
import { acknowledge, enforce, fail, reject, send, verify } from './point-state.ts';
import { readGroups, readTasks, type ServedPoint } from './prepare.ts';
import { badSamples, sampleOf } from './sampling.ts';
import { Schedule } from './schedule.ts';
import type { ServedDevice } from './served-device.ts';

type Group<Address> = readonly Point<Address>[];

type Job<Line, Device, Address> =
  | { readonly kind: 'write'; readonly device: ServedDevice<Line, Device, Address>; readonly property: string }
  | { readonly kind: 'verify'; readonly device: ServedDevice<Line, Device, Address>; readonly property: string }
  | { readonly kind: 'read'; readonly device: ServedDevice<Line, Device, Address>; readonly points: Group<Address> };

export interface LineOptions<Line, Device, Address> extends Omit<ConnectionOptions<Line, Device, Address>, 'onDown'> {
  /** Called for each transaction that gave samples. */
  readonly samples: (device: ServedDevice<Line, Device, Address>, samples: readonly Sample[]) => void;
}

/**
 * One physical line: one session, one thing asked at a time. A write goes ahead of every read, a read-back ahead of every
 * poll, and a dead device costs the others no more than its bounded probes. Opens with back-off, for ever.
 */
export class Line<LineSettings, Device, Address> {
  readonly #options: LineOptions<LineSettings, Device, Address>;
  readonly #connection: Connection<LineSettings, Device, Address>;
  readonly #devices = new Map<string, ServedDevice<LineSettings, Device, Address>>();
  /** The points that the schedule was made of, by device. */
  readonly #planned = new Map<string, ReadonlyMap<string, ServedPoint<Address>>>();
  readonly #schedule = new Schedule<Group<Address>>();
  readonly #budget = new ProbeBudget();
  readonly #stop = new AbortController();
  #down: string | undefined;
  #wake: (() => void) | undefined;
  #current: { readonly key: string; readonly kind: string; readonly abort: AbortController } | undefined;
  #released: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: LineOptions<LineSettings, Device, Address>) {
    this.#options = options;
    this.#connection = new Connection({ ...options, onDown: (reason) => this.#setDown(reason) });
  }

  get settings(): LineSettings {
    return this.#options.settings;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Serves exactly these devices. Resolves when nothing is being asked of one that is no longer among them. */
  async serve(devices: readonly ServedDevice<LineSettings, Device, Address>[]): Promise<void> {
    const now = this.#options.clock.monotonic();
    const wanted = new Map(devices.map((device) => [device.key, device]));
    for (const [key, device] of this.#devices) {
      if (wanted.get(key) === device) continue;
      this.#devices.delete(key);
      this.#planned.delete(key);
      this.#schedule.remove(key);
      if (this.#current?.key === key && this.#current.kind !== 'write') this.#current.abort.abort(stopping);
    }
    for (const device of devices) {
      const isNew = !this.#devices.has(device.key);
      this.#devices.set(device.key, device);
      if (this.#planned.get(device.key) !== device.prepared.points) {
        this.#planned.set(device.key, device.prepared.points);
        this.#schedule.set(device.key, readTasks(this.#options.driver, device.prepared), now);
      }
      if (isNew) device.setLineDown(this.#down);
    }
    this.poke();
    while (this.#current !== undefined && !this.#devices.has(this.#current.key)) {
      await new Promise<void>((resolve) => this.#released.push(resolve));
    }
  }

  /** Something changed: look again at what is next. */
  poke(): void {
    this.#wake?.();
  }

  /** Finishes a write in hand, gives up anything else, and closes. */
  async stop(): Promise<void> {
    this.#stop.abort(stopping);
    this.#connection.giveUpOpening();
    if (this.#current?.kind !== 'write') this.#current?.abort.abort(stopping);
    this.poke();
    await this.#running;
    await this.#connection.stop();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (!this.#connection.isOpen) {
        await this.#reopen();
        continue;
      }
      const job = this.#next();
      if (job) await this.#execute(job);
      else await this.#pause(this.#untilNext(), true);
    }
  }

  async #reopen(): Promise<void> {
    const wait = this.#connection.nextWait();
    if (wait > 0) await this.#pause(wait, false);
    if (this.#stop.signal.aborted || !(await this.#connection.open())) return;
    const now = this.#options.clock.monotonic();
    // Open is not yet up: a server may take connections and drop them. The first answer, or its absence, shows.
    if (this.#schedule.nextAt(() => true) === undefined) this.#setDown(undefined);
    if (this.#down !== undefined) for (const device of this.#devices.values()) device.breaker.probeNow(now);
  }

  #setDown(reason: string | undefined): void {
    const { log, key } = this.#options;
    const changed = (this.#down === undefined) !== (reason === undefined);
    if (!changed && reason === this.#down) return;
    this.#down = reason;
    if (changed && reason !== undefined) log.warn('line down', { line: key, error: reason });
    if (changed && reason === undefined) log.info('line up', { line: key });
    for (const device of this.#devices.values()) {
      device.setLineDown(reason);
      if (changed && reason !== undefined) this.#reportAllBad(device, reason);
    }
    this.poke();
  }

  /** What is worth doing now: writes, read-backs, probes, polls, in this order. */
  #next(): Job<LineSettings, Device, Address> | undefined {
    const now = this.#options.clock.monotonic();
    let recheck: Job<LineSettings, Device, Address> | undefined;
    for (const device of this.#devices.values()) {
      if (!this.#isAlive(device.key)) continue;
      for (const property of device.busyPoints) {
        const state = device.state(property);
        if (state.notBefore > now) continue;
        if (state.step === 'due') return { kind: 'write', device, property };
        recheck ??= { kind: 'verify', device, property };
      }
    }
    return recheck ?? this.#probe(now) ?? this.#poll(now);
  }

  #probe(now: number): Job<LineSettings, Device, Address> | undefined {
    if (this.#budget.notBefore > now) return undefined;
    let first: ServedDevice<LineSettings, Device, Address> | undefined;
    let soonest = Number.POSITIVE_INFINITY;
    for (const device of this.#devices.values()) {
      const at = this.#probeAt(device);
      if (at === undefined || at > now || at >= soonest) continue;
      soonest = at;
      first = device;
    }
    if (!first) return undefined;
    for (const property of first.busyPoints) {
      if (first.state(property).step === 'due') return { kind: 'write', device: first, property };
    }
    const task = this.#schedule.takeOf(first.key, now);
    return task && { kind: 'read', device: first, points: task.job };
  }

  #poll(now: number): Job<LineSettings, Device, Address> | undefined {
    const task = this.#schedule.take(now, this.#isAlive);
    const device = task && this.#devices.get(task.device);
    return device && { kind: 'read', device, points: task.job };
  }

  readonly #isAlive = (key: string): boolean => {
    const device = this.#devices.get(key);
    return device !== undefined && !device.breaker.isOpen && this.#isHere(device);
  };

  /** Not so between a change of its configuration and the new arrangement of lines: it must not be asked here any more. */
  #isHere(device: ServedDevice<LineSettings, Device, Address>): boolean {
    return device.prepared.placement?.lineKey === this.#options.key;
  }

  /** When a device that is given up on may be tried; undefined when it is not, or there is nothing to try it with. */
  #probeAt(device: ServedDevice<LineSettings, Device, Address>): number | undefined {
    return device.prepared.points.size > 0 && this.#isHere(device) ? device.breaker.probeAt : undefined;
  }

  #untilNext(): Duration | undefined {
    const now = this.#options.clock.monotonic();
    let next = this.#schedule.nextAt(this.#isAlive) ?? Number.POSITIVE_INFINITY;
    for (const device of this.#devices.values()) {
      const probe = this.#probeAt(device);
      if (probe !== undefined) next = Math.min(next, Math.max(probe, this.#budget.notBefore));
      else if (this.#isAlive(device.key)) {
        for (const property of device.busyPoints) next = Math.min(next, device.state(property).notBefore);
      }
    }
    return next === Number.POSITIVE_INFINITY ? undefined : millis(Math.max(0, next - now));
  }

  /** Waits for `delay` (for ever without one), and when `wakeable` for news; in any case no longer than until `stop`. */
  #pause(delay: Duration | undefined, wakeable: boolean): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const done = () => {
        timer?.cancel();
        this.#wake = undefined;
        resolve();
      };
      if (this.#stop.signal.aborted) return resolve();
      this.#wake = () => {
        if (wakeable || this.#stop.signal.aborted) done();
      };
      if (delay !== undefined) timer = this.#options.clock.after(`line ${this.#options.key}`, delay, done);
    });
  }

  async #execute(job: Job<LineSettings, Device, Address>): Promise<void> {
    const { clock } = this.#options;
    const { device } = job;
    const began = clock.monotonic();
    const probing = device.breaker.isOpen;
    const abort = new AbortController();
    this.#current = { key: device.key, kind: job.kind, abort };
    try {
      if (job.kind === 'write') await this.#write(device, job.property, abort);
      else if (job.kind === 'verify') await this.#readBack(device, job.property, abort);
      else await this.#read(device, job.points, abort);
    } finally {
      this.#current = undefined;
      for (const resolve of this.#released.splice(0)) resolve();
      const took = clock.monotonic() - began;
      if (probing) this.#budget.spend(clock.monotonic(), took, this.#someAlive());
      else this.#schedule.charge(device.key, took);
    }
  }

  #someAlive(): boolean {
    for (const device of this.#devices.values()) if (!device.breaker.isOpen) return true;
    return false;
  }

  #ask<Result>(
    device: ServedDevice<LineSettings, Device, Address>,
    abort: AbortController,
    request: (session: Session<Device, Address>, settings: Device, call: Call) => Promise<Result>,
  ): Promise<Result> {
    const { placement } = device.prepared;
    if (!placement) return Promise.reject(stopping);
    const { breaker } = device;
    const timeout = breaker.isOpen && this.#someAlive() ? breaker.probeTimeout(placement.timeout) : placement.timeout;
    return this.#connection.ask(timeout, abort, (session, call) => request(session, placement.device, call));
  }

  async #write(
    device: ServedDevice<LineSettings, Device, Address>,
    property: string,
    abort: AbortController,
  ): Promise<void> {
    const { clock } = this.#options;
    const state = device.state(property);
    const served = device.prepared.points.get(property);
    if (!served || !state.wanted) return;
    const { raw } = state.wanted;
    const asked = this.#ask(device, abort, (session, settings, call) =>
      session.write(settings, served.point, raw, call),
    );
    // Told while the request is already on its way: telling first would only make it later.
    device.apply(property, send(state, clock.now()));
    try {
      await asked;
    } catch (error) {
      const problem = { code: codeOf(error), reason: describeError(error) };
      if (this.#answered(device, error) && !isTransient(error)) {
        device.apply(property, reject(device.state(property), problem, clock.now()));
      } else {
        device.apply(property, fail(device.state(property), problem, clock.monotonic(), clock.now()));
      }
      return;
    }
    this.#answered(device, undefined);
    device.apply(property, acknowledge(device.state(property), clock.now()));
  }

  async #readBack(
    device: ServedDevice<LineSettings, Device, Address>,
    property: string,
    abort: AbortController,
  ): Promise<void> {
    const { clock } = this.#options;
    const served = device.prepared.points.get(property);
    const { wanted } = device.state(property);
    if (!served || !wanted) return;
    const began = clock.now();
    let reading: Reading | undefined;
    try {
      [reading] = await this.#ask(device, abort, (session, settings, call) =>
        session.read(settings, [served.point], call),
      );
    } catch (error) {
      if (this.#answered(device, error) && !isTransient(error)) {
        const reason = `the device took the value and cannot be read back: ${describeError(error)}`;
        device.apply(property, reject(device.state(property), { code: 'ReadBackRefused', reason }, clock.now()));
      } else {
        device.apply(property, fail(device.state(property), {}, clock.monotonic(), clock.now()));
      }
      return;
    }
    this.#answered(device, undefined);
    const sample = sampleOf(served, reading, middle(began, clock.now()), wanted.revision);
    this.#options.samples(device, [sample]);
    const equal = reading?.raw !== undefined && rawEquals(wanted.raw, reading.raw);
    const found = { revision: wanted.revision, equal, text: sample.value ?? 'nothing' };
    device.apply(property, verify(device.state(property), found, clock.monotonic(), clock.now()));
  }

  async #read(
    device: ServedDevice<LineSettings, Device, Address>,
    points: Group<Address>,
    abort: AbortController,
  ): Promise<void> {
    const { clock } = this.#options;
    const planned = this.#planned.get(device.key);
    const began = clock.now();
    // What the device had acknowledged before this poll began: a later write makes the poll's values old.
    const acked = points.map((point) => device.state(point.name).acked);
    let readings: readonly Reading[];
    try {
      readings = await this.#ask(device, abort, (session, settings, call) => session.read(settings, points, call));
    } catch (error) {
      const answered = this.#answered(device, error);
      if (answered && !isTransient(error) && device.prepared.points === planned)
        this.#readRefused(device, points, error);
      return;
    }
    this.#answered(device, undefined);
    // Configured anew meanwhile, or gone: these values may be of other points.
    if (!planned || this.#planned.get(device.key) !== planned) return;
    const at = middle(began, clock.now());
    const served = points.map((point) => planned.get(point.name)).filter((one) => one !== undefined);
    const samples = served.map((one, index) => sampleOf(one, readings[index], at, acked[index]));
    this.#options.samples(device, samples);
    for (const [index, { property }] of served.entries()) {
      const value = samples[index]?.value;
      if (!property.enforce || value === undefined) continue;
      device.apply(property.name, { state: enforce(device.state(property.name), value, acked[index]) });
    }
  }

  #readRefused(device: ServedDevice<LineSettings, Device, Address>, points: Group<Address>, error: unknown): void {
    const { driver, clock, log } = this.#options;
    const { placement } = device.prepared;
    if (points.length === 1 || !placement) {
      this.#options.samples(device, badSamples(points, describeError(error), clock.now()));
      return;
    }
    // Somewhere in the block is an address that the device does not have. Halving finds it, and the plan is remembered.
    const half = Math.ceil(points.length / 2);
    const parts = [points.slice(0, half), points.slice(half)].flatMap((part) =>
      readGroups(driver, part, placement.device),
    );
    log.info('block refused, reading it in parts', { device: device.key, parts: parts.length, code: codeOf(error) });
    this.#schedule.replace(device.key, points, parts, clock.monotonic());
  }

  /** Books what a request says about the line and the device; whether the device itself answered. */
  #answered(device: ServedDevice<LineSettings, Device, Address>, error: unknown): boolean {
    const { clock, log, key } = this.#options;
    const code = codeOf(error);
    if (error === stopping) return false;
    if (code === 'LineLost') {
      this.#connection.lose(error);
      return false;
    }
    this.#setDown(undefined);
    const { breaker } = device;
    const wasOpen = breaker.isOpen;
    if (error === undefined || !isTransient(error) || code === 'Busy') {
      this.#connection.prove();
      breaker.succeed();
      if (wasOpen) {
        log.info('device answers again', { device: device.key, line: key });
        this.#schedule.dueNow(device.key, clock.monotonic());
        device.setUnreachable(undefined);
      } else device.tellHealth();
      return true;
    }
    breaker.fail(clock.monotonic());
    if (breaker.isOpen && !wasOpen) {
      const reason = `${device.key} does not answer on ${key}: ${describeError(error)}`;
      log.warn('device does not answer', { device: device.key, line: key, code, error: describeError(error) });
      device.setUnreachable(reason);
      this.#reportAllBad(device, reason);
    }
    // Nobody answers: the connection itself may be dead without knowing it, as after a pulled cable.
    if (code === 'Timeout' && !this.#someAlive()) this.#connection.recycle();
    return false;
  }

  #reportAllBad(device: ServedDevice<LineSettings, Device, Address>, reason: string): void {
    const points = [...device.prepared.points.values()].map(({ point }) => point);
    if (points.length > 0) this.#options.samples(device, badSamples(points, reason, this.#options.clock.now()));
  }
}

const isTransient = (error: unknown): boolean => !(error instanceof FieldError) || error.kind === 'transient';
const codeOf = (error: unknown): string => (error instanceof FieldError ? error.code : 'Unexpected');
const middle = (began: number, ended: number): number => Math.round((began + ended) / 2);
