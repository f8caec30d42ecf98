import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock, sleep } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import { FieldError } from '@selvedge/base/errors';
import { within } from '@selvedge/base/lifecycle';
import { silentLogger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import type { ResolvedDevice } from '@selvedge/contract/resolve';
import type { PropertyType } from '@selvedge/contract/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rawEquals } from './convert.ts';
import type { Call, Driver, Placement, Point, Raw, Session } from './driver.ts';
import { type Prepared, prepare, readGroups } from './prepare.ts';

type Settings = Readonly<Record<string, unknown>>;

/** A device that a driver's tests start, with everything on it that `ConformanceOptions` speaks of. */
export interface DeviceDouble {
  /** `configData` that reaches it. */
  readonly config: Settings;
  /** What a point really holds now, in the device itself. */
  held(point: string): Raw;
  /** From now on it answers nothing, or does again. */
  setSilent(isSilent: boolean): void;
  /** From now on each answer takes so long. */
  setDelay(ms: number): void;
  /** Breaks the connection for good, as a pulled cable or a server that dies. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

export interface PointCase {
  readonly type: PropertyType;
  readonly visitor: Settings;
}

export interface WrongCase {
  readonly settings: Settings;
  /** The name of the setting, and the value as it was given. */
  readonly says: RegExp;
}

export interface ConformanceOptions<Line, Device, Address> {
  readonly driver: Driver<Line, Device, Address>;
  start(): Promise<DeviceDouble>;
  /** Points that can be written, by name, with raw values that they can hold; two at least. */
  readonly points: Readonly<Record<string, PointCase & { readonly values: readonly Raw[] }>>;
  /** A point that is well configured and that the device refuses. */
  readonly refused: PointCase;
  /** A point that the protocol cannot write, if there is such a thing. */
  readonly readOnly?: PointCase;
  /** Ways to write the same `configData`: other names, cases, numbers as text. The first is canonical. */
  readonly sameConfigs: readonly Settings[];
  /** Two devices on one line, and a third on another. */
  readonly lines: readonly [Settings, Settings, Settings];
  readonly wrongConfigs: readonly WrongCase[];
  readonly wrongVisitors: readonly WrongCase[];
}

/** Long enough for any answer of a double, also on a machine that is busy with other things. */
const patience = seconds(5);
/** What a request waits that is meant to wait in vain. */
const shortWait = millis(150);

/**
 * What driver.ts promises, as tests that every driver's own tests run:
 * `conformance('Modbus TCP', { ... }).run()`. In real time, because the field's libraries have their own timers.
 */
export function conformance<Line, Device, Address>(name: string, options: ConformanceOptions<Line, Device, Address>) {
  const { driver } = options;
  const test = suite(`driver conformance: ${name}`);
  const clock = new RealClock();
  const all = {
    ...options.points,
    refused: options.refused,
    ...(options.readOnly ? { readOnly: options.readOnly } : {}),
  };

  const prepared = (config: Settings, points: Readonly<Record<string, PointCase>> = all) =>
    prepare(driver, resolved(driver.protocol, config, points));

  interface Opened {
    readonly double: DeviceDouble;
    readonly session: Session<Device, Address>;
    readonly device: Device;
    readonly lost: unknown[];
    point(name: string): Point<Address>;
    read(name: string, call?: Partial<Call>): Promise<Raw | undefined>;
    write(name: string, raw: Raw, call?: Partial<Call>): Promise<void>;
  }

  /** Opens the driver on a fresh double, and closes both whatever happens. */
  async function opened(run: (opened: Opened) => Promise<void>): Promise<void> {
    const dataDir = mkdtempSync(join(tmpdir(), 'selvedge-driver-'));
    const double = await options.start();
    const lost: unknown[] = [];
    const { placement, points } = prepared(double.config);
    assert.ok(placement);
    const { device, line } = placement as Placement<Line, Device>;
    const io = {
      clock,
      random: seededRandom(1),
      log: silentLogger,
      dataDir,
      lost: (error: unknown) => lost.push(error),
    };
    const session = await within(clock, patience, 'open', driver.open(line, io));
    const full = (call: Partial<Call> = {}): Call => ({
      timeout: patience,
      signal: new AbortController().signal,
      ...call,
    });
    const point = (name: string) => {
      const served = points.get(name);
      if (!served) throw new Error(`the driver refuses point "${name}"`);
      return served.point;
    };
    try {
      await run({
        ...{ double, session, device, lost, point },
        read: async (name, call) => {
          const answer = session.read(device, [point(name)], full(call));
          return (await within(clock, seconds(10), `read ${name}`, answer))[0]?.raw;
        },
        write: (name, raw, call) =>
          within(clock, seconds(10), `write ${name}`, session.write(device, point(name), raw, full(call))),
      });
    } finally {
      await within(clock, patience, 'close', session.close());
      await double.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }

  const [first = '', second = ''] = Object.keys(options.points);
  const firstValue = options.points[first]?.values[0] as Raw;
  const isEqual = (a: Raw | undefined, b: Raw) => a !== undefined && rawEquals(b, a);

  test('its schema names every setting once, and describes it', () => {
    assert.is(driver.schema.protocol, driver.protocol);
    assert.is(driver.protocol, driver.protocol.toLowerCase());
    for (const { properties } of [driver.schema.config, driver.schema.visitor]) {
      const names = Object.entries(properties).flatMap(([name, setting]) => [name, ...(setting['x-aliases'] ?? [])]);
      assert.is(new Set(names.map((name) => name.toLowerCase())).size, names.length, `a name stands twice: ${names}`);
      for (const [name, setting] of Object.entries(properties)) assert.ok(setting.description, `${name} says nothing`);
    }
  });

  test('the same settings by other names are the same device on the same line', () => {
    const [canonical, ...others] = options.sameConfigs.map((config) => prepared(config).placement);
    assert.ok(canonical && others.length > 0);
    for (const other of others) assert.equal(other, canonical);
    assert.equal(prepared(options.sameConfigs[0] ?? {}).placement, canonical);
  });

  test('devices of one line share its key, which says where it is; others do not', () => {
    const [one, another, elsewhere] = options.lines.map((config) => prepared(config).placement?.lineKey);
    assert.ok(one);
    assert.is(another, one);
    assert.is.not(elsewhere, one);
    assert.match(one, /^[a-z]+:\S+$/);
  });

  test('a wrong setting is refused by name, with its value', () => {
    for (const { settings, says } of options.wrongConfigs) {
      const { invalid, placement } = prepared(settings);
      assert.is(placement, undefined);
      assert.match(invalid ?? 'it was accepted', says);
    }
    const [config = {}] = options.sameConfigs;
    for (const { settings, says } of options.wrongVisitors) {
      const { invalidPoints, points } = prepared(config, { wrong: { type: 'INT', visitor: settings } });
      assert.is(points.size, 0);
      assert.match(invalidPoints[0] ?? 'it was accepted', says);
    }
  });

  test('its plan holds every point once, whatever their order, and is the same each time', () => {
    const { placement, points } = prepared(options.sameConfigs[0] ?? {}) as Prepared<Line, Device, Address>;
    assert.ok(placement);
    const list = [...points.values()].map(({ point }) => point);
    const plan = (of: readonly Point<Address>[]) =>
      readGroups(driver, of, (placement as Placement<Line, Device>).device);
    const names = (groups: readonly (readonly Point<Address>[])[]) =>
      groups.map((group) => group.map(({ name }) => name));
    assert.equal(names(plan(list)).flat().sort(), [...points.keys()].sort());
    assert.equal(names(plan([...list].reverse())), names(plan(list)));
    assert.equal(plan([]), []);
  });

  test('what is written is in the device, and reads back the same', () =>
    opened(async ({ double, read, write }) => {
      for (const [name, { values }] of Object.entries(options.points)) {
        for (const value of values) {
          await write(name, value);
          assert.ok(isEqual(double.held(name), value), `${name} holds ${double.held(name)} for ${value}`);
          assert.ok(isEqual(await read(name), value), `${name} was written ${value}`);
        }
      }
    }));

  test('points that are read together each get their own value', () =>
    opened(async ({ session, device, point, write }) => {
      for (const [name, { values }] of Object.entries(options.points)) await write(name, values[0] as Raw);
      const list = Object.keys(options.points).map(point);
      for (const group of readGroups(driver, list, device)) {
        const readings = await session.read(device, group, { timeout: patience, signal: new AbortController().signal });
        assert.is(readings.length, group.length);
        for (const [index, { name }] of group.entries()) {
          assert.is(readings[index]?.quality, 'good');
          assert.ok(isEqual(readings[index]?.raw, options.points[name]?.values[0] as Raw), name);
        }
      }
    }));

  test('what the device refuses is rejected, not tried again, and the device goes on', () =>
    opened(async ({ read, lost }) => {
      const error = await failure(read('refused'));
      assert.is(error.kind, 'rejected');
      assert.match(error.message, /^Cannot read /);
      assert.ok((await read(first)) !== undefined);
      assert.equal(lost, []);
    }));

  if (options.readOnly)
    test('what the protocol cannot write says so before anything is tried', () => {
      const { points } = prepared(options.sameConfigs[0] ?? {});
      assert.ok(points.get('readOnly')?.point.readOnly);
      assert.is(points.get(first)?.point.readOnly, undefined);
    });

  test('a silent device is a time-out, for a read and for a write, and is heard when it speaks again', () =>
    opened(async ({ double, read, write, lost }) => {
      await write(first, firstValue);
      double.setSilent(true);
      for (const ask of [() => read(first, { timeout: shortWait }), () => write(second, 1, { timeout: shortWait })]) {
        const error = await failure(ask());
        assert.is(error.code, 'Timeout');
        assert.is(error.kind, 'transient');
        assert.match(error.message, new RegExp(`${shortWait} ms`));
      }
      assert.equal(lost, []);
      double.setSilent(false);
      assert.ok(isEqual(await read(first), firstValue));
    }));

  test('an answer that comes too late does not pass for that to a later request', () =>
    opened(async ({ double, read, write }) => {
      const values = Object.entries(options.points).map(([name, { values }]) => [name, values[0] as Raw] as const);
      for (const [name, value] of values) await write(name, value);
      for (const [name] of values.slice(0, 2)) {
        double.setDelay(shortWait + 100);
        assert.is((await failure(read(name, { timeout: shortWait }))).code, 'Timeout');
        double.setDelay(0);
        // The kit leaves the device alone for as long again; longer here, for a machine that is busy.
        await sleep(clock, seconds(1));
        // On a machine that is busy the late answer may still collide with one of these: that is a failure, never a value.
        for (const [other, value] of values) {
          assert.ok(isEqual(await patiently(() => read(other)), value), `${other} after ${name}`);
        }
      }
    }));

  test('when nobody waits any more the request ends, in time, and the next one gets its own answer', () =>
    opened(async ({ double, read, write }) => {
      await write(first, firstValue);
      const abort = new AbortController();
      double.setDelay(50);
      const abandoned = read(second, { timeout: seconds(2), signal: abort.signal }).catch(() => undefined);
      abort.abort(new Error('nobody waits'));
      await within(clock, seconds(3), 'the abandoned request', abandoned);
      double.setDelay(0);
      assert.ok(isEqual(await read(first), firstValue));
      const late = new AbortController();
      late.abort(new Error('nobody waits'));
      await within(
        clock,
        seconds(3),
        'a request nobody waited for',
        read(first, { signal: late.signal }).catch(() => undefined),
      );
      assert.ok(isEqual(await read(first), firstValue));
    }));

  test('a connection that breaks while nothing is asked is told once, and takes no more requests', () =>
    opened(async ({ double, session, read, lost }) => {
      await read(first);
      await double.cut();
      await until('lost is told', () => lost.length > 0);
      assert.is((await failure(read(first))).code, 'LineLost');
      await session.close();
      await sleep(clock, millis(50));
      assert.is(lost.length, 1);
      assert.is((lost[0] as FieldError).code, 'LineLost');
    }));

  test('who waits when the connection breaks is told, long before the time is over', () =>
    opened(async ({ double, read, lost }) => {
      double.setSilent(true);
      const waiting = failure(read(first));
      await sleep(clock, millis(50));
      await double.cut();
      assert.is((await waiting).code, 'LineLost');
      assert.is(lost.length, 1);
    }));

  test('closing twice is closing once: who waits is told, nothing is asked afterwards, nothing is lost', () =>
    opened(async ({ double, session, read, write, lost }) => {
      await write(first, firstValue);
      const other = options.points[first]?.values[1] as Raw;
      double.setSilent(true);
      const waiting = failure(read(first));
      await sleep(clock, millis(50));
      await within(clock, seconds(2), 'close', Promise.all([session.close(), session.close()]));
      assert.is((await waiting).code, 'LineLost');
      double.setSilent(false);
      assert.is((await failure(read(first))).code, 'LineLost');
      assert.is((await failure(write(first, other))).code, 'LineLost');
      await session.close();
      assert.ok(isEqual(double.held(first), firstValue));
      assert.equal(lost, []);
    }));

  test('a line can be opened again as soon as it is closed', () =>
    opened(async ({ double, session }) => {
      for (let round = 0; round < 3; round++) {
        await session.close();
        const { placement, points } = prepared(double.config) as Prepared<Line, Device, Address>;
        const { line, device } = placement as Placement<Line, Device>;
        const again = await driver.open(line, { ...quiet, clock });
        const point = points.get(first)?.point as Point<Address>;
        const [reading] = await again.read(device, [point], {
          timeout: patience,
          signal: new AbortController().signal,
        });
        assert.ok(reading?.raw !== undefined);
        await again.close();
      }
    }));

  test('where nobody is, opening fails in time, and says that the line is down', async () => {
    const double = await options.start();
    await double.stop();
    const { placement } = prepared(double.config);
    const { line } = placement as Placement<Line, Device>;
    const error = await failure(within(clock, seconds(10), 'open', driver.open(line, { ...quiet, clock })));
    assert.is(error.code, 'LineDown');
    assert.is(error.kind, 'transient');
  });

  return test;
}

const quiet = { random: seededRandom(1), log: silentLogger, dataDir: tmpdir(), lost: () => {} };

/** The error of something that must fail. */
async function failure(promise: Promise<unknown>): Promise<FieldError> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in settled)) throw new Error(`it should have failed and gave ${JSON.stringify(settled.value)}`);
  if (!(settled.error instanceof FieldError)) throw settled.error;
  return settled.error;
}

/** Tries again what may fail and must not lie; as the kit does it, once an answer that is still under way has passed. */
async function patiently<Result>(run: () => Promise<Result>, tries = 5): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (tries === 1 || !(error instanceof FieldError) || error.kind !== 'transient') throw error;
    await sleep(new RealClock(), millis(500));
    return patiently(run, tries - 1);
  }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !isSo(); tries++) await sleep(new RealClock(), millis(10));
  assert.ok(isSo(), `not within 5 s: ${what}`);
}

function resolved(protocol: string, config: Settings, points: Readonly<Record<string, PointCase>>): ResolvedDevice {
  const common = { accessMode: 'ReadWrite', collectCycle: 1_000, reportCycle: 1_000 } as const;
  const rest = { reportToCloud: true, enforce: false, deadband: 0 };
  return {
    ...{ namespace: 'default', name: 'double', uid: 'u', generation: 1, createdAt: 0 },
    protocol,
    config: { ...config },
    properties: Object.entries(points).map(([name, { type, visitor }]) => ({
      ...{ name, type, visitor: { ...visitor } },
      ...common,
      ...rest,
    })),
  };
}
