import { millis, seconds } from '@selvedge/base/duration';
import { seededRandom } from '@selvedge/base/random';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Breaker } from './breaker.ts';
import { ProbeBudget } from './probe-budget.ts';

const test = suite('breaker and probe budget');
const timeout = seconds(1);
const breaker = (seed = 1) => new Breaker(seededRandom(seed));

test('one that has answered is given up on at the second failure in a row, one that never has at the first', () => {
  const known = breaker();
  known.succeed(10);
  known.fail(0, timeout);
  assert.not(known.isOpen);
  known.succeed(10);
  known.fail(0, timeout);
  known.fail(0, timeout);
  assert.ok(known.isOpen);
  const unknown = breaker();
  unknown.fail(0, timeout);
  assert.ok(unknown.isOpen);
  assert.not(unknown.hasAnswered);
});

test('it is never asked again before a late answer has had its time', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 10, max: 60_000 }), (seed, ms) => {
      const one = breaker(seed);
      for (let now = 0; now < 1e6; now = one.notBefore) {
        one.fail(now, millis(ms));
        assert.ok(one.notBefore >= now + ms);
      }
    }),
    { numRuns: 50 },
  );
});

test('probes come further and further apart, at most 10 s', () => {
  const one = breaker();
  const gaps: number[] = [];
  for (let now = 0; gaps.length < 20; now = one.notBefore) {
    one.fail(now, millis(100));
    gaps.push(one.notBefore - now);
  }
  assert.ok((gaps[0] ?? 0) <= 500);
  assert.ok(gaps.every((gap) => gap <= 10_000));
  assert.ok(gaps.slice(6).every((gap) => gap >= 7_500));
});

test('most probes are short, one in eight waits the full time-out, and a slow device is given twice its time', () => {
  const full = (slowest: number) => {
    const one = breaker(3);
    if (slowest > 0) one.succeed(slowest);
    one.fail(0, timeout);
    one.fail(0, timeout);
    const waits = Array.from({ length: 16 }, (_, round) => {
      const wait = one.probeTimeout(timeout);
      one.fail(round * 10_000, timeout);
      return Number(wait);
    });
    assert.is(waits.filter((wait) => wait === 1_000).length, 2);
    return Math.min(...waits);
  };
  assert.is(full(0), 100);
  assert.is(full(10), 100);
  assert.is(full(300), 600);
  assert.is(breaker().probeTimeout(millis(40)), 40);
});

test('an answer closes it at once, and the waits begin anew', () => {
  const one = breaker();
  for (let round = 0; round < 10; round++) one.fail(round * 10_000, timeout);
  one.succeed(20);
  assert.not(one.isOpen);
  assert.is(one.notBefore, 0);
  one.fail(0, timeout);
  one.fail(0, timeout);
  assert.is(one.notBefore, 1_000);
});

test('a line that was opened anew makes an early probe worthwhile', () => {
  const one = breaker();
  one.fail(0, timeout);
  one.probeNow(200);
  assert.is(one.notBefore, 200);
  one.probeNow(900);
  assert.is(one.notBefore, 200);
});

test('probes take no more than a twenty-fifth of the line while somebody else is alive', () => {
  const budget = new ProbeBudget();
  const random = seededRandom(5);
  let now = 0;
  let probing = 0;
  while (now < 1e6) {
    now = Math.max(now, budget.notBefore);
    const took = 50 + random() * 2_000;
    now += took;
    probing += took;
    budget.spend(now, took, true);
  }
  assert.ok(probing / budget.notBefore <= 0.04 + 1e-9);
  budget.spend(now, 500, false);
  assert.is(budget.notBefore, now);
});

test.run();
