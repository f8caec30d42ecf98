import { RealClock } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import type { FieldError } from '@selvedge/base/errors';
import { within } from '@selvedge/base/lifecycle';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rawEquals } from './convert.ts';
import type { Driver, Point, Raw } from './driver.ts';
import { readGroups } from './prepare.ts';
import {
  DriverTrial,
  failure,
  type OpenTrial,
  type PointCase,
  patiently,
  pause,
  type Settings,
  until,
} from './testing/driver-trial.ts';

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

  const trial = new DriverTrial(driver, all);

  /** Opens the driver on a fresh double, and closes both whatever happens. */
  async function opened(run: (line: OpenTrial<Device, Address>, double: DeviceDouble) => Promise<void>): Promise<void> {
    const double = await options.start();
    try {
      const line = await trial.open(double.config);
      try {
        await run(line, double);
      } finally {
        await line.close();
      }
    } finally {
      await double.stop();
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
    const [canonical, ...others] = options.sameConfigs.map((config) => trial.prepared(config).placement);
    assert.ok(canonical && others.length > 0);
    for (const other of others) assert.equal(other, canonical);
    assert.equal(trial.prepared(options.sameConfigs[0] ?? {}).placement, canonical);
  });

  test('devices of one line share its key, which says where it is; others do not', () => {
    const [one, another, elsewhere] = options.lines.map((config) => trial.prepared(config).placement?.lineKey);
    assert.ok(one);
    assert.is(another, one);
    assert.is.not(elsewhere, one);
    assert.match(one, /^[a-z]+:\S+$/);
  });

  test('a wrong setting is refused by name, with its value', () => {
    for (const { settings, says } of options.wrongConfigs) {
      const { invalid, placement } = trial.prepared(settings);
      assert.is(placement, undefined);
      assert.match(invalid ?? 'it was accepted', says);
    }
    const [config = {}] = options.sameConfigs;
    for (const { settings, says } of options.wrongVisitors) {
      const { invalidPoints, points } = trial.prepared(config, { wrong: { type: 'INT', visitor: settings } });
      assert.is(points.size, 0);
      assert.match(invalidPoints[0] ?? 'it was accepted', says);
    }
  });

  test('its plan holds every point once, whatever their order, and is the same each time', () => {
    const { placement, points } = trial.prepared(options.sameConfigs[0] ?? {});
    assert.ok(placement);
    const list = [...points.values()].map(({ point }) => point);
    const plan = (of: readonly Point<Address>[]) => readGroups(driver, of, placement.device);
    const names = (groups: readonly (readonly Point<Address>[])[]) =>
      groups.map((group) => group.map(({ name }) => name));
    assert.equal(names(plan(list)).flat().sort(), [...points.keys()].sort());
    assert.equal(names(plan([...list].reverse())), names(plan(list)));
    assert.equal(plan([]), []);
  });

  test('what is written is in the device, and reads back the same', () =>
    opened(async (line, double) => {
      for (const [name, { values }] of Object.entries(options.points)) {
        for (const value of values) {
          await line.write(name, value);
          assert.ok(isEqual(double.held(name), value), `${name} holds ${double.held(name)} for ${value}`);
          assert.ok(isEqual(await line.read(name), value), `${name} was written ${value}`);
        }
      }
    }));

  test('points that are read together each get their own value', () =>
    opened(async (line) => {
      for (const [name, { values }] of Object.entries(options.points)) await line.write(name, values[0] as Raw);
      const list = Object.keys(options.points).map((name) => line.point(name));
      for (const group of readGroups(driver, list, line.device)) {
        const readings = await line.readAll(group);
        assert.is(readings.length, group.length);
        for (const [index, { name }] of group.entries()) {
          assert.is(readings[index]?.quality, 'good');
          assert.ok(isEqual(readings[index]?.raw, options.points[name]?.values[0] as Raw), name);
        }
      }
    }));

  test('what the device refuses is rejected, not tried again, and the device goes on', () =>
    opened(async (line) => {
      const error = await failure(line.read('refused'));
      assert.is(error.kind, 'rejected');
      assert.match(error.message, /^Cannot read /);
      assert.ok((await line.read(first)) !== undefined);
      assert.equal(line.lost, []);
    }));

  if (options.readOnly)
    test('what the protocol cannot write says so before anything is tried', () => {
      const { points } = trial.prepared(options.sameConfigs[0] ?? {});
      assert.ok(points.get('readOnly')?.point.readOnly);
      assert.is(points.get(first)?.point.readOnly, undefined);
    });

  test('a silent device is a time-out, for a read and for a write, and is heard when it speaks again', () =>
    opened(async (line, double) => {
      await line.write(first, firstValue);
      double.setSilent(true);
      for (const ask of [
        () => line.read(first, { timeout: shortWait }),
        () => line.write(second, 1, { timeout: shortWait }),
      ]) {
        const error = await failure(ask());
        assert.is(error.code, 'Timeout');
        assert.is(error.kind, 'transient');
        assert.match(error.message, new RegExp(`${shortWait} ms`));
      }
      assert.equal(line.lost, []);
      double.setSilent(false);
      assert.ok(isEqual(await line.read(first), firstValue));
    }));

  test('an answer that comes too late does not pass for that to a later request', () =>
    opened(async (line, double) => {
      const values = Object.entries(options.points).map(([name, { values }]) => [name, values[0] as Raw] as const);
      for (const [name, value] of values) await line.write(name, value);
      for (const [name] of values.slice(0, 2)) {
        double.setDelay(shortWait + 100);
        assert.is((await failure(line.read(name, { timeout: shortWait }))).code, 'Timeout');
        double.setDelay(0);
        // The kit leaves the device alone for as long again; longer here, for a machine that is busy.
        await pause(seconds(1));
        // On a machine that is busy the late answer may still collide with one of these: that is a failure, never a value.
        for (const [other, value] of values) {
          assert.ok(isEqual(await patiently(() => line.read(other)), value), `${other} after ${name}`);
        }
      }
    }));

  test('when nobody waits any more the request ends, in time, and the next one gets its own answer', () =>
    opened(async (line, double) => {
      await line.write(first, firstValue);
      const abort = new AbortController();
      double.setDelay(50);
      const abandoned = line.read(second, { timeout: seconds(2), signal: abort.signal }).catch(() => undefined);
      abort.abort(new Error('nobody waits'));
      await within(clock, seconds(3), 'the abandoned request', abandoned);
      double.setDelay(0);
      assert.ok(isEqual(await line.read(first), firstValue));
      const late = new AbortController();
      late.abort(new Error('nobody waits'));
      await within(
        clock,
        seconds(3),
        'a request nobody waited for',
        line.read(first, { signal: late.signal }).catch(() => undefined),
      );
      assert.ok(isEqual(await line.read(first), firstValue));
    }));

  test('a connection that breaks while nothing is asked is told once, and takes no more requests', () =>
    opened(async (line, double) => {
      await line.read(first);
      await double.cut();
      await until('lost is told', () => line.lost.length > 0);
      assert.is((await failure(line.read(first))).code, 'LineLost');
      await line.session.close();
      await pause(millis(50));
      assert.is(line.lost.length, 1);
      assert.is((line.lost[0] as FieldError).code, 'LineLost');
    }));

  test('who waits when the connection breaks is told, long before the time is over', () =>
    opened(async (line, double) => {
      double.setSilent(true);
      const waiting = failure(line.read(first));
      await pause(millis(50));
      await double.cut();
      assert.is((await waiting).code, 'LineLost');
      assert.is(line.lost.length, 1);
    }));

  test('closing twice is closing once: who waits is told, nothing is asked afterwards, nothing is lost', () =>
    opened(async (line, double) => {
      await line.write(first, firstValue);
      const other = options.points[first]?.values[1] as Raw;
      double.setSilent(true);
      const waiting = failure(line.read(first));
      await pause(millis(50));
      await within(clock, seconds(2), 'close', Promise.all([line.session.close(), line.session.close()]));
      assert.is((await waiting).code, 'LineLost');
      double.setSilent(false);
      assert.is((await failure(line.read(first))).code, 'LineLost');
      assert.is((await failure(line.write(first, other))).code, 'LineLost');
      await line.session.close();
      assert.ok(isEqual(double.held(first), firstValue));
      assert.equal(line.lost, []);
    }));

  test('a line can be opened again as soon as it is closed', () =>
    opened(async (line, double) => {
      for (let round = 0; round < 3; round++) {
        await line.session.close();
        const again = await trial.open(double.config);
        assert.ok((await again.read(first)) !== undefined);
        await again.close();
      }
    }));

  test('where nobody is, opening fails in time, and says that the line is down', async () => {
    const double = await options.start();
    await double.stop();
    const error = await failure(trial.open(double.config));
    assert.is(error.code, 'LineDown');
    assert.is(error.kind, 'transient');
  });

  return test;
}
