import type { Clock, Timer } from '@selvedge/base/clock';
import { type Duration, millis, seconds } from '@selvedge/base/duration';
import { describeError, FieldError, transient } from '@selvedge/base/errors';
import { within } from '@selvedge/base/lifecycle';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { backoff } from '@selvedge/base/retry';
import type { Sample } from '@selvedge/contract/sample';
import { ProbeBudget } from './breaker.ts';
import { rawEquals, toText } from './convert.ts';
import type { Call, Driver, DriverIo, Point, Reading, Session } from './driver.ts';
import { acknowledge, enforce, fail, reject, send, verify } from './point-state.ts';
import { type Prepared, readGroups, readTasks } from './prepare.ts';
import { Schedule } from './schedule.ts';
import type { ServedDevice } from './served-device.ts';

type Group<Address> = readonly Point<Address>[];

type Job<Line, Device, Address> =
  | { readonly kind: 'write'; readonly device: ServedDevice<Line, Device, Address>; readonly property: string }
  | { readonly kind: 'verify'; readonly device: ServedDevice<Line, Device, Address>; readonly property: string }
  | { readonly kind: 'read'; readonly device: ServedDevice<Line, Device, Address>; readonly points: Group<Address> };

export interface LineOptions<Line, Device, Address> {
  readonly key: string;
  readonly settings: Line;
  readonly driver: Driver<Line, Device, Address>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly dataDir: string;
  /** Called for each transaction that gave samples. */
  readonly samples: (device: ServedDevice<Line, Device, Address>, samples: readonly Sample[]) => void;
}

/** A driver that ignores its own time-outs is left alone after this long. */
const openLimit = seconds(10);

/**
 * One physical line: one session, one thing asked at a time. A write goes ahead of every read, a read-back ahead of every
 * poll, and a dead device costs the others no more than its bounded probes. Opens with back-off, for ever.
 */
export class Line<LineSettings, Device, Address> {
  readonly #options: LineOptions<LineSettings, Device, Address>;
  readonly #devices = new Map<string, ServedDevice<LineSettings, Device, Address>>();
  readonly #plans = new Map<string, Prepared<LineSettings, Device, Address>>();
  readonly #schedule = new Schedule<Group<Address>>();
  readonly #budget = new ProbeBudget();
  readonly #stop = new AbortController();
  #session: Session<Device, Address> | undefined;
  #broken: ((error: unknown) => void) | undefined;
  #down: string | undefined;
  #wake: (() => void) | undefined;
  #current: { readonly key: string; readonly kind: string; readonly abort: AbortController } | undefined;
  #released: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: LineOptions<LineSettings, Device, Address>) {
    this.#options = options;
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
      this.#plans.delete(key);
      this.#schedule.remove(key);
      if (this.#current?.key === key && this.#current.kind !== 'write') this.#current.abort.abort(stopping);
    }
    for (const device of devices) {
      const isNew = !this.#devices.has(device.key);
      this.#devices.set(device.key, device);
      if (this.#plans.get(device.key) !== device.prepared) {
        this.#plans.set(device.key, device.prepared);
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
    if (this.#current?.kind !== 'write') this.#current?.abort.abort(stopping);
    this.poke();
    await this.#running;
  }

  async #run(): Promise<void> {
    const waits = () => backoff({ first: millis(100), max: seconds(3), random: this.#options.random });
    let wait = waits();
    while (!this.#stop.signal.aborted) {
      if (this.#session === undefined) {
        const opened = await this.#open();
        if (!opened) {
          await this.#pause(wait.next().value, false);
          continue;
        }
        wait = waits();
      }
      const job = this.#next();
      if (job) await this.#execute(job);
      else await this.#pause(this.#untilNext(), true);
    }
    await this.#close();
  }

  async #open(): Promise<boolean> {
    const { driver, settings, clock, random, log, dataDir, key } = this.#options;
    let open = true;
    const lost = (error: unknown) => {
      if (!open) return;
      open = false;
      this.#lose(error);
    };
    const io: DriverIo = { clock, random, log, dataDir, lost };
    const opening = driver.open(settings, io);
    try {
      const session = await within(clock, openLimit, `open ${key}`, opening);
      if (!open) {
        await session.close();
        return false;
      }
      this.#session = session;
    } catch (error) {
      open = false;
      // One that succeeds after we gave up must not keep the port.
      opening.then((session) => session.close()).catch(() => undefined);
      this.#setDown(`${key} cannot be opened: ${describeError(error)}`);
      return false;
    }
    this.#setDown(undefined);
    for (const device of this.#devices.values()) device.breaker.probeNow(clock.monotonic());
    return true;
  }

  /** The session is gone: whoever waits for an answer is told, and the loop opens a new one. */
  #lose(error: unknown): void {
    const session = this.#session;
    this.#session = undefined;
    this.#setDown(`${this.#options.key} was lost: ${describeError(error)}`);
    this.#broken?.(transient('LineLost', `Cannot use "${this.#options.key}": ${describeError(error)}`));
    session?.close().catch((failure: unknown) => {
      this.#options.log.debug('line did not close', { line: this.#options.key, error: describeError(failure) });
    });
    this.poke();
  }

  async #close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    try {
      await session?.close();
    } catch (error) {
      this.#options.log.warn('line did not close', { line: this.#options.key, error: describeError(error) });
    }
  }

  #setDown(reason: string | undefined): void {
    const { log, key } = this.#options;
    const changed = (this.#down === undefined) !== (reason === undefined);
    this.#down = reason;
    if (changed && reason !== undefined) log.warn('line down', { line: key, error: reason });
    if (changed && reason === undefined) log.info('line up', { line: key });
    for (const device of this.#devices.values()) {
      device.setLineDown(reason);
      if (changed && reason !== undefined) this.#reportAllBad(device, reason);
    }
  }

  /** What is worth doing now: writes, read-backs, probes, polls, in this order. */
  #next(): Job<LineSettings, Device, Address> | undefined {
    const now = this.#options.clock.monotonic();
    let recheck: Job<LineSettings, Device, Address> | undefined;
    for (const device of this.#devices.values()) {
      if (device.breaker.isOpen) continue;
      for (const property of device.busyPoints()) {
        const state = device.state(property);
        if (state.notBefore > now) continue;
        if (state.step === 'due') return { kind: 'write', device, property };
        recheck ??= { kind: 'verify', device, property };
      }
    }
    if (recheck) return recheck;
    return this.#probe(now) ?? this.#poll(now);
  }

  #probe(now: number): Job<LineSettings, Device, Address> | undefined {
    if (this.#budget.notBefore > now) return undefined;
    let first: ServedDevice<LineSettings, Device, Address> | undefined;
    for (const device of this.#devices.values()) {
      const at = device.breaker.probeAt;
      if (at !== undefined && at <= now && at < (first?.breaker.probeAt ?? Number.POSITIVE_INFINITY)) first = device;
    }
    if (!first) return undefined;
    const property = first.busyPoints().find((name) => first.state(name).step === 'due');
    if (property !== undefined) return { kind: 'write', device: first, property };
    const task = this.#schedule.takeOf(first.key, now);
    return task && { kind: 'read', device: first, points: task.job };
  }

  #poll(now: number): Job<LineSettings, Device, Address> | undefined {
    const task = this.#schedule.take(now, this.#isAlive);
    const device = task && this.#devices.get(task.device);
    return device && { kind: 'read', device, points: task.job };
  }

  readonly #isAlive = (key: string): boolean => this.#devices.get(key)?.breaker.isOpen === false;

  #untilNext(): Duration | undefined {
    const now = this.#options.clock.monotonic();
    let next = this.#schedule.nextAt(this.#isAlive) ?? Number.POSITIVE_INFINITY;
    for (const device of this.#devices.values()) {
      const { probeAt } = device.breaker;
      if (probeAt !== undefined) next = Math.min(next, Math.max(probeAt, this.#budget.notBefore));
      else for (const property of device.busyPoints()) next = Math.min(next, device.state(property).notBefore);
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

  /** One request to a device, bounded in time whatever the driver does. */
  #ask<Result>(
    device: ServedDevice<LineSettings, Device, Address>,
    abort: AbortController,
    request: (session: Session<Device, Address>, settings: Device, call: Call) => Promise<Result>,
  ): Promise<Result> {
    const session = this.#session;
    const placement = device.prepared.placement;
    if (!session || !placement) return Promise.reject(transient('LineLost', 'Cannot ask: the line is closed'));
    const { breaker } = device;
    const timeout = breaker.isOpen && this.#someAlive() ? breaker.probeTimeout(placement.timeout) : placement.timeout;
    return new Promise((resolve, reject) => {
      const giveUp = (error: unknown) => {
        abort.abort(error);
        reject(error);
      };
      const timer = this.#options.clock.after(`request ${device.key}`, timeout, () =>
        giveUp(transient('Timeout', `no answer within ${timeout} ms`)),
      );
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true });
      this.#broken = giveUp;
      request(session, placement.device, { timeout, signal: abort.signal })
        .then(resolve, reject)
        .finally(() => {
          timer.cancel();
          this.#broken = undefined;
        });
    });
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
    const sample = this.#sample(device, served.point, reading, middle(began, clock.now()), wanted.revision);
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
    const { prepared } = device;
    const began = clock.now();
    // What the device had acknowledged before this poll began: a later write makes the poll's values old.
    const acked = points.map((point) => device.state(point.name).acked);
    let readings: readonly Reading[];
    try {
      readings = await this.#ask(device, abort, (session, settings, call) => session.read(settings, points, call));
    } catch (error) {
      if (device.prepared === prepared) this.#readFailed(device, points, error, middle(began, clock.now()));
      return;
    }
    this.#answered(device, undefined);
    if (device.prepared !== prepared) return;
    const at = middle(began, clock.now());
    const samples = points.map((point, index) => this.#sample(device, point, readings[index], at, acked[index]));
    this.#options.samples(device, samples);
    for (const [index, sample] of samples.entries()) {
      if (!prepared.points.get(sample.property)?.property.enforce || sample.value === undefined) continue;
      const state = enforce(device.state(sample.property), sample.value, acked[index]);
      device.apply(sample.property, { state });
    }
  }

  #readFailed(
    device: ServedDevice<LineSettings, Device, Address>,
    points: Group<Address>,
    error: unknown,
    at: number,
  ): void {
    const placement = device.prepared.placement;
    if (!this.#answered(device, error) || isTransient(error) || !placement) return;
    if (points.length === 1) {
      const [point] = points as [Point<Address>];
      const reason = describeError(error).slice(0, 1_024);
      this.#options.samples(device, [{ property: point.name, quality: 'bad', reason, at }]);
      return;
    }
    // Somewhere in the block is an address that the device does not have. Halving finds it, and the plan is remembered.
    const half = Math.ceil(points.length / 2);
    const { driver, clock, log } = this.#options;
    const parts = [points.slice(0, half), points.slice(half)].flatMap((part) =>
      readGroups(driver, part, placement.device),
    );
    log.info('block refused, reading it in parts', { device: device.key, parts: parts.length, code: codeOf(error) });
    this.#schedule.replace(device.key, points, parts, clock.monotonic());
  }

  #sample(
    device: ServedDevice<LineSettings, Device, Address>,
    point: Point<Address>,
    reading: Reading | undefined,
    at: number,
    acked: Sample['acked'],
  ): Sample {
    const base = { property: point.name, at, ...(acked ? { acked } : {}) };
    const type = device.prepared.points.get(point.name)?.property.type ?? 'STRING';
    if (reading?.raw === undefined) {
      return { ...base, quality: 'bad', reason: reading?.reason ?? 'the device gave no value' };
    }
    const text = toText(point, type, reading.raw);
    if (!text.ok) return { ...base, quality: 'bad', reason: text.reason };
    const reason = reading.reason === undefined ? {} : { reason: reading.reason };
    return { ...base, value: text.text, quality: reading.quality, ...reason };
  }

  /** Books what a request says about the device's life; whether the device itself answered. */
  #answered(device: ServedDevice<LineSettings, Device, Address>, error: unknown): boolean {
    const { clock, log, key } = this.#options;
    const code = codeOf(error);
    if (code === 'LineLost' || error === stopping) {
      if (error !== stopping && this.#session !== undefined) this.#lose(error);
      return false;
    }
    const wasOpen = device.breaker.isOpen;
    if (error === undefined || !isTransient(error) || code === 'Busy') {
      device.breaker.succeed();
      if (wasOpen) {
        log.info('device answers again', { device: device.key, line: key });
        this.#schedule.dueNow(device.key, clock.monotonic());
        device.setUnreachable(undefined);
      } else device.tellHealth();
      return true;
    }
    device.breaker.fail(clock.monotonic());
    if (device.breaker.isOpen && !wasOpen) {
      const reason = `${device.key} does not answer on ${key}: ${describeError(error)}`;
      log.warn('device does not answer', { device: device.key, line: key, code, error: describeError(error) });
      device.setUnreachable(reason);
      this.#reportAllBad(device, reason);
    }
    // Nobody answers: the connection itself may be dead without knowing it, as after a pulled cable.
    if (code === 'Timeout' && !this.#someAlive()) void this.#recycle();
    return false;
  }

  /** Closes the session so that the loop opens a fresh one; the devices' health already says what is wrong. */
  async #recycle(): Promise<void> {
    await this.#close();
    this.poke();
  }

  #reportAllBad(device: ServedDevice<LineSettings, Device, Address>, reason: string): void {
    const at = this.#options.clock.now();
    const text = reason.slice(0, 1_024);
    const samples = [...device.prepared.points.keys()].map((property) => ({
      property,
      quality: 'bad' as const,
      reason: text,
      at,
    }));
    if (samples.length > 0) this.#options.samples(device, samples);
  }
}

const stopping = new FieldError('Cannot go on: the line is being closed', { code: 'Stopping', kind: 'transient' });

const isTransient = (error: unknown): boolean => !(error instanceof FieldError) || error.kind === 'transient';
const codeOf = (error: unknown): string => (error instanceof FieldError ? error.code : 'Unexpected');
const middle = (began: number, ended: number): number => Math.round((began + ended) / 2);
