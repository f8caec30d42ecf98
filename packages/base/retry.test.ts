import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seconds } from './duration.ts';
import { seededRandom } from './random.ts';
import { backoff } from './retry.ts';

const test = suite('back-off');

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

test.run();
