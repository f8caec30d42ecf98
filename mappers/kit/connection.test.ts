import { type Duration, millis } from '@selvedge/base/duration';
import { type FieldError, rejected } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection } from './connection.ts';
import type { Call, Driver, DriverIo, Session } from './driver.ts';
import { FakePlant } from './testing/fake-plant.ts';
import { stopping } from './verdict.ts';

/** Drivers that do what they should not: the kit must stay bounded whatever they do. */
const test = suite('connection of a line');

type AnySession = Session<unknown, unknown>;

function bench(open: (io: DriverIo) => Promise<AnySession>) {
  const clock = new VirtualClock();
  const { schema } = new FakePlant(clock);
  const driver: Driver<null, unknown, unknown> = {
    protocol: 'fake',
    schema,
    split: () => {
      throw new Error('not asked here');
    },
    point: () => {
      throw new Error('not asked here');
    },
    open: (_line, io) => open(io),
  };
  const down: string[] = [];
  const connection = new Connection({
    ...{ key: 'fake:a', settings: null, driver, clock, log: silentLogger, dataDir: '/nowhere' },
    random: seededRandom(1),
    onDown: (reason) => down.push(reason),
  });
  return { clock, connection, down };
}

const session = (more: Partial<AnySession> = {}): AnySession => ({
  read: async () => [],
  write: async () => {},
  close: async () => {},
  ...more,
});

/** Whether a promise has settled, and how. */
function watched<Result>(promise: Promise<Result>) {
  const state: { value?: Result; error?: FieldError; isSettled: boolean } = { isSettled: false };
  promise.then(
    (value) => Object.assign(state, { value, isSettled: true }),
    (error: FieldError) => Object.assign(state, { error, isSettled: true }),
  );
  return state;
}

const advance = (clock: VirtualClock, ms: number) => clock.advance(ms as Duration);
const never = () => new Promise<never>(() => {});

test('a request that the driver never answers ends a little after its time', async () => {
  const { clock, connection } = bench(async () => session());
  await connection.open();
  const asked = watched(connection.ask(millis(500), new AbortController(), never));
  await advance(clock, 500);
  assert.not(asked.isSettled);
  await advance(clock, 20);
  assert.is(asked.error?.code, 'Timeout');
  assert.equal(clock.pending(), []);
});

test("a driver's own words about a time-out are the ones that are told", async () => {
  const { clock, connection } = bench(async () => session());
  await connection.open();
  const own = async (_session: AnySession, { timeout }: Call): Promise<never> => {
    await new Promise<void>((resolve) => clock.after('driver', timeout, resolve));
    throw rejected('Own', 'my own words');
  };
  const asked = watched(connection.ask(millis(500), new AbortController(), own));
  await advance(clock, 600);
  assert.is(asked.error?.message, 'my own words');
});

test('after a request that was given up the next one waits until the driver is done with it, or its time is over', async () => {
  const { clock, connection } = bench(async () => session());
  await connection.open();
  for (const doneAfter of [200, Number.POSITIVE_INFINITY]) {
    const began: number[] = [];
    const request = (ms: number) => async () => {
      began.push(clock.monotonic());
      if (Number.isFinite(ms)) await new Promise<void>((resolve) => clock.after('wire', millis(ms), resolve));
      else await never();
    };
    const start = clock.monotonic();
    const abort = new AbortController();
    const first = watched(connection.ask(millis(500), abort, request(doneAfter)));
    await advance(clock, 50);
    abort.abort(stopping);
    await advance(clock, 0);
    assert.is(first.error?.code, 'Stopping');
    const second = watched(connection.ask(millis(500), new AbortController(), request(10)));
    await advance(clock, 600);
    assert.ok(second.isSettled && second.error === undefined);
    assert.equal(
      began.map((at) => at - start),
      [0, Math.min(doneAfter, 520)],
    );
  }
});

test('what throws at once, in open or in a request, is an answer like any other', async () => {
  const { connection, down } = bench(() => {
    throw new Error('broken driver');
  });
  assert.is(await connection.open(), false);
  assert.equal(down, ['fake:a cannot be opened: broken driver']);
  const { connection: other } = bench(async () => session());
  await other.open();
  const asked = other.ask(millis(100), new AbortController(), () => {
    throw new Error('broken request');
  });
  assert.is(await asked.catch((error: Error) => error.message), 'broken request');
});

test('a session that comes after the kit gave up waiting is closed again', async () => {
  let finish: (session: AnySession) => void = () => {};
  let isClosed = false;
  const { clock, connection, down } = bench(() => new Promise((resolve) => (finish = resolve)));
  const opened = watched(connection.open());
  await advance(clock, 10_000);
  assert.is(opened.value, false);
  assert.match(down[0] ?? '', /fake:a cannot be opened: open fake:a: no result within 10000 ms/);
  finish(
    session({
      close: async () => {
        isClosed = true;
      },
    }),
  );
  await advance(clock, 0);
  assert.ok(isClosed);
  assert.not(connection.isOpen);
});

test('a session that was lost while it was being opened is no session', async () => {
  const { connection, down } = bench(async (io) => {
    io.lost(new Error('gone'));
    return session();
  });
  assert.is(await connection.open(), false);
  assert.equal(down, ['fake:a was lost as soon as it was open']);
});

test('the word of an old session says nothing of the new one', async () => {
  const ios: DriverIo[] = [];
  const { connection, down } = bench(async (io) => {
    ios.push(io);
    return session();
  });
  await connection.open();
  connection.recycle();
  await connection.open();
  ios[0]?.lost(new Error('the old one'));
  assert.ok(connection.isOpen);
  assert.equal(down, []);
  ios[1]?.lost(new Error('the new one'));
  ios[1]?.lost(new Error('said twice'));
  assert.not(connection.isOpen);
  assert.equal(down, ['fake:a was lost: the new one']);
});

test('the waits grow until a session has worked, and begin anew after one that has', async () => {
  const { connection } = bench(async () => session());
  const waits = (count: number) => Array.from({ length: count }, () => Number(connection.nextWait()));
  const [first, ...rest] = waits(10);
  assert.is(first, 0);
  assert.ok((rest[0] ?? 0) >= 75 && (rest[0] ?? 0) <= 100);
  assert.ok(rest.slice(5).every((wait) => wait >= 2_250 && wait <= 3_000));
  connection.prove();
  assert.is(waits(1)[0], 0);
  assert.ok((waits(1)[0] ?? 0) <= 100);
});

test('stopping ends whatever is under way, and is bounded also with a driver that never closes', async () => {
  const { clock, connection } = bench(async () => session({ close: never }));
  await connection.open();
  const stopped = watched(connection.stop());
  await advance(clock, 1_999);
  assert.not(stopped.isSettled);
  await advance(clock, 1);
  assert.ok(stopped.isSettled && stopped.error === undefined);
  assert.is(await connection.open(), false);
  const asked = connection.ask(millis(100), new AbortController(), async () => 1);
  assert.is(await asked.catch((error: FieldError) => error.code), 'LineLost');
  assert.equal(clock.pending(), []);
});

test.run();
