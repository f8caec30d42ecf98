import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock, sleep } from '@selvedge/base/clock';
import { type Duration, millis, seconds } from '@selvedge/base/duration';
import { FieldError } from '@selvedge/base/errors';
import { within } from '@selvedge/base/lifecycle';
import { silentLogger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import type { ResolvedDevice } from '@selvedge/contract/resolve';
import type { PropertyType } from '@selvedge/contract/value';
import type { Call, Driver, Point, Raw, Session } from '../driver.ts';
import { type Prepared, prepare } from '../prepare.ts';

export type Settings = Readonly<Record<string, unknown>>;

export interface PointCase {
  readonly type: PropertyType;
  readonly visitor: Settings;
}

/** Long enough for any answer of a device double, also on a machine that is busy with other things. */
export const patience = seconds(5);

/** A driver and the points that it is tried with. */
export class DriverTrial<Line, Device, Address> {
  readonly #driver: Driver<Line, Device, Address>;
  readonly #points: Readonly<Record<string, PointCase>>;
  readonly #clock = new RealClock();

  constructor(driver: Driver<Line, Device, Address>, points: Readonly<Record<string, PointCase>>) {
    this.#driver = driver;
    this.#points = points;
  }

  /** As the kit judges a Device with this `configData`. */
  prepared(config: Settings, points = this.#points): Prepared<Line, Device, Address> {
    return prepare(this.#driver, resolved(this.#driver.protocol, config, points));
  }

  /** Opens a line to the device with this `configData`. */
  async open(config: Settings): Promise<OpenTrial<Device, Address>> {
    const prepared = this.prepared(config);
    if (!prepared.placement) throw new Error(prepared.invalid);
    const dataDir = mkdtempSync(join(tmpdir(), 'selvedge-driver-'));
    const lost: unknown[] = [];
    const io = {
      ...{ clock: this.#clock, random: seededRandom(1), log: silentLogger, dataDir },
      lost: (error: unknown) => lost.push(error),
    };
    const { line, device } = prepared.placement;
    try {
      const session = await within(this.#clock, seconds(10), 'open', this.#driver.open(line, io));
      return new OpenTrial({ session, device, prepared, lost, dataDir });
    } catch (error) {
      rmSync(dataDir, { recursive: true, force: true });
      throw error;
    }
  }
}

/** An open line; every wait on it is bounded. */
export class OpenTrial<Device, Address> {
  readonly session: Session<Device, Address>;
  readonly device: Device;
  /** What the driver said of lost connections. */
  readonly lost: readonly unknown[];
  readonly #points: Prepared<unknown, Device, Address>['points'];
  readonly #dataDir: string;
  readonly #clock = new RealClock();

  constructor(options: {
    readonly session: Session<Device, Address>;
    readonly device: Device;
    readonly prepared: Prepared<unknown, Device, Address>;
    readonly lost: readonly unknown[];
    readonly dataDir: string;
  }) {
    this.session = options.session;
    this.device = options.device;
    this.lost = options.lost;
    this.#points = options.prepared.points;
    this.#dataDir = options.dataDir;
  }

  point(name: string): Point<Address> {
    const served = this.#points.get(name);
    if (!served) throw new Error(`the driver refuses point "${name}"`);
    return served.point;
  }

  async readAll(points: readonly Point<Address>[], call?: Partial<Call>) {
    const answer = this.session.read(this.device, points, fullCall(call));
    return within(this.#clock, seconds(10), 'read', answer);
  }

  async read(name: string, call?: Partial<Call>): Promise<Raw | undefined> {
    return (await this.readAll([this.point(name)], call))[0]?.raw;
  }

  write(name: string, raw: Raw, call?: Partial<Call>): Promise<void> {
    const answer = this.session.write(this.device, this.point(name), raw, fullCall(call));
    return within(this.#clock, seconds(10), `write ${name}`, answer);
  }

  async close(): Promise<void> {
    try {
      await within(this.#clock, patience, 'close', this.session.close());
    } finally {
      rmSync(this.#dataDir, { recursive: true, force: true });
    }
  }
}

const fullCall = (call: Partial<Call> = {}): Call => ({
  timeout: patience,
  signal: new AbortController().signal,
  ...call,
});

export const pause = (duration: Duration): Promise<void> => sleep(new RealClock(), duration);

/** The error of something that must fail. */
export async function failure(promise: Promise<unknown>): Promise<FieldError> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in settled)) throw new Error(`it should have failed and gave ${JSON.stringify(settled.value)}`);
  if (!(settled.error instanceof FieldError)) throw settled.error;
  return settled.error;
}

/** Tries again what may fail and must not lie; as the kit does it, once an answer that is still under way has passed. */
export async function patiently<Result>(run: () => Promise<Result>, tries = 5): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (tries === 1 || !(error instanceof FieldError) || error.kind !== 'transient') throw error;
    await pause(millis(500));
    return patiently(run, tries - 1);
  }
}

/** @throws Error after 5 s */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (isSo()) return;
    await pause(millis(10));
  }
  throw new Error(`not within 5 s: ${what}`);
}

function resolved(protocol: string, config: Settings, points: Readonly<Record<string, PointCase>>): ResolvedDevice {
  return {
    ...{ namespace: 'default', name: 'double', uid: 'u', generation: 1, createdAt: 0 },
    protocol,
    config: { ...config },
    properties: Object.entries(points).map(([name, { type, visitor }]) => ({
      ...{ name, type, visitor: { ...visitor }, accessMode: 'ReadWrite' },
      ...{ collectCycle: 1_000, reportCycle: 1_000, reportToCloud: true, enforce: false, deadband: 0 },
    })),
  };
}
