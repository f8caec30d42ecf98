import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sleep } from './clock.ts';
import { readConfig, settings } from './config.ts';
import { formatAge, millis, minutes, seconds } from './duration.ts';
import { FieldError } from './errors.ts';
import { Lifecycle, within } from './lifecycle.ts';
import { silentLogger } from './log.ts';
import { editDistance, nearest } from './nearest.ts';
import { seededRandom } from './random.ts';
import { backoff } from './retry.ts';
import { VirtualClock } from './virtual-clock.ts';

const test = suite('base');

test('back-off grows to its maximum, never above, and jitter only shortens', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const schedule = backoff({ first: seconds(1), max: seconds(30), random: seededRandom(seed) });
      for (const full of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
        const interval = schedule.next().value;
        assert.ok(interval <= full && interval >= full * 0.75, `${interval} of ${full}`);
      }
    }),
  );
});

test('a seed gives the same chance again, within [0, 1)', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const [first, second] = [seededRandom(seed), seededRandom(seed)];
      for (let i = 0; i < 20; i++) {
        const value = first();
        assert.is(value, second());
        assert.ok(value >= 0 && value < 1);
      }
    }),
  );
});

test('the virtual clock fires timers in order, those set meanwhile too', async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  clock.after('b', millis(20), () => fired.push('b'));
  clock.after('a', millis(10), () => {
    fired.push('a');
    clock.after('c', millis(10), () => fired.push('c'));
  });
  clock.after('late', millis(100), () => fired.push('late'));
  await clock.advance(millis(50));
  assert.equal(fired, ['a', 'b', 'c']);
  assert.is(clock.monotonic(), 50);
  assert.equal(clock.pending(), ['late']);
});

test('sleep ends with the signal, leaving no timer', async () => {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const sleeping = sleep(clock, minutes(1), abort.signal).catch((error: Error) => error.message);
  abort.abort(new Error('enough'));
  assert.is(await sleeping, 'enough');
  assert.equal(clock.pending(), []);
});

test('edit distance is a metric on small words', () => {
  const word = fc.stringMatching(/^[abc]{0,6}$/);
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      assert.is(editDistance(a, b), editDistance(b, a));
      assert.is(editDistance(a, a), 0);
      assert.ok(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c));
    }),
  );
  assert.is(nearest('regsiter', ['register', 'offset']), 'register');
  assert.is(nearest('zzzzzz', ['register', 'offset']), undefined);
});

test("ages read as kubectl's", () => {
  assert.equal(
    [5, 119, 130, 600, 3_600 * 2, 3_600 * 30, 3_600 * 72].map((value) => formatAge(seconds(value))),
    ['5s', '119s', '2m10s', '10m', '120m', '30h', '3d'],
  );
});

test('parts stop in reverse order, one that hangs is passed over', async () => {
  const clock = new VirtualClock();
  const lifecycle = new Lifecycle({ log: silentLogger, clock });
  const stopped: string[] = [];
  lifecycle.add('first', { stop: () => void stopped.push('first') });
  lifecycle.add('hanging', { stop: () => new Promise<void>(() => {}) });
  lifecycle.add('last', { stop: () => void stopped.push('last') });
  const done = lifecycle.stop(seconds(1));
  await clock.advance(seconds(2));
  await done;
  assert.equal(stopped, ['last', 'first']);
  assert.ok(lifecycle.signal.aborted);
});

test('a promise that does not settle in time is an error that names it', async () => {
  const clock = new VirtualClock();
  const waiting = within(clock, seconds(1), 'read', new Promise(() => {})).catch((error: Error) => error.message);
  await clock.advance(seconds(1));
  assert.is(await waiting, 'read: no result within 1000 ms');
});

const table = settings({
  dir: { type: 'string', description: 'State directory.', default: undefined, restart: true },
  hubPort: { type: 'number', description: 'Port.', default: 10_000, minimum: 0, maximum: 65_535, restart: true },
  logLevel: { type: 'string', description: 'Level.', default: 'info', oneOf: ['info', 'debug'], restart: true },
  quiet: { type: 'boolean', description: 'Say less.', default: false, restart: false },
});

test('flags go before the file, the file before the defaults', () => {
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-config-'));
  const file = join(folder, 'c.json');
  writeFileSync(file, JSON.stringify({ hubPort: 5, dir: '/from/file' }));
  const config = readConfig('cloud', table, ['--hub-port=7', '--quiet', '--config', file]);
  rmSync(folder, { recursive: true });
  assert.equal(config, { dir: '/from/file', hubPort: 7, logLevel: 'info', quiet: true });
});

test('a wrong setting says which, why, and what is near', () => {
  const message = (argv: string[]) => {
    try {
      readConfig('cloud', table, argv);
    } catch (error) {
      assert.instance(error, FieldError);
      return (error as Error).message;
    }
    return 'accepted';
  };
  assert.match(message(['--hub-prot', '1']), /unknown setting "hubProt"; did you mean "hubPort"\?/);
  assert.match(message(['--hub-port', '70000']), /"hubPort" is "70000": must be at most 65535/);
  assert.match(message(['--log-level', 'loud']), /must be one of info, debug/);
  assert.match(message(['--dir']), /--dir needs a value/);
  assert.match(message(['up']), /"up" is not a setting/);
  assert.match(message(['--config', '/nonexistent']), /configuration file "\/nonexistent"/);
});

test.run();
