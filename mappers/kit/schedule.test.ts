import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Schedule } from './schedule.ts';

const test = suite('schedule of a line');
const all = () => true;

/** Runs a line for so long; each job takes what `cost` says. Returns when each device's jobs began. */
function run(schedule: Schedule<string>, until: number, cost: (device: string) => number): Map<string, number[]> {
  const began = new Map<string, number[]>();
  let now = 0;
  while (now < until) {
    const next = schedule.take(now, all);
    if (!next) {
      now = Math.max(now, schedule.nextAt(all) ?? until);
      continue;
    }
    began.set(next.device, [...(began.get(next.device) ?? []), now]);
    now += cost(next.device);
    schedule.charge(next.device, cost(next.device));
  }
  return began;
}

test('keeps to its grid: a delay does not move what follows, and a slot that was missed is left out', () => {
  const schedule = new Schedule<string>();
  schedule.set('a', [{ job: 'x', cycle: 100 }], 7);
  assert.equal(schedule.take(7, all), { device: 'a', job: 'x' });
  assert.is(schedule.nextAt(all), 107);
  assert.ok(schedule.take(150, all));
  assert.is(schedule.nextAt(all), 207);
  assert.ok(schedule.take(555, all));
  assert.is(schedule.nextAt(all), 607);
  assert.is(schedule.take(606, all), undefined);
});

test('on a line that is not full everybody has all of their cycle', () => {
  const schedule = new Schedule<string>();
  const cycles = { fast: 50, middle: 200, slow: 1_000 };
  for (const [device, cycle] of Object.entries(cycles)) schedule.set(device, [{ job: device, cycle }], 0);
  const began = run(schedule, 10_000, () => 10);
  for (const [device, cycle] of Object.entries(cycles)) assert.is(began.get(device)?.length, 10_000 / cycle);
});

test('on a full line time is shared, not requests: one that is slow or greedy falls behind alone', () => {
  const schedule = new Schedule<string>();
  for (let index = 0; index < 8; index++) schedule.set(`ok${index}`, [{ job: 'x', cycle: 1_000 }], 0);
  schedule.set('slow', [{ job: 'x', cycle: 1_000 }], 0);
  schedule.set(
    'greedy',
    Array.from({ length: 50 }, (_, job) => ({ job: String(job), cycle: 100 })),
    0,
  );
  const began = run(schedule, 60_000, (device) => (device === 'slow' ? 600 : 20));
  for (let index = 0; index < 8; index++) {
    assert.ok((began.get(`ok${index}`)?.length ?? 0) >= 50, `ok${index}: ${began.get(`ok${index}`)?.length}`);
  }
  assert.ok((began.get('slow')?.length ?? 0) >= 30);
});

test('one that comes back from a pause has no credit that would keep the others waiting', () => {
  const schedule = new Schedule<string>();
  for (const device of ['a', 'b', 'back']) schedule.set(device, [{ job: 'x', cycle: 10 }], 0);
  let isAway = true;
  const allowed = (device: string) => device !== 'back' || !isAway;
  const counts = new Map<string, number>();
  for (let now = 0; now < 4_000; now += 10) {
    if (now === 2_000) {
      isAway = false;
      counts.clear();
    }
    const next = schedule.take(now, allowed);
    if (!next) continue;
    counts.set(next.device, (counts.get(next.device) ?? 0) + 1);
    schedule.charge(next.device, 10);
  }
  for (const device of ['a', 'b', 'back']) {
    const count = counts.get(device) ?? 0;
    assert.ok(count >= 60 && count <= 72, `${device}: ${count}`);
  }
});

test('nobody is passed over for ever, whatever their cycles and costs', () => {
  const device = fc.record({ cycle: fc.integer({ min: 10, max: 2_000 }), cost: fc.integer({ min: 1, max: 200 }) });
  fc.assert(
    fc.property(fc.array(device, { minLength: 1, maxLength: 20 }), (devices) => {
      const schedule = new Schedule<string>();
      for (const [index, { cycle }] of devices.entries()) schedule.set(String(index), [{ job: 'x', cycle }], 0);
      const began = run(schedule, 60_000, (name) => devices[Number(name)]?.cost ?? 1);
      // The time of everybody once, and one more request that was on the wire.
      const round = devices.reduce((sum, { cost }) => sum + cost, 0) + 200;
      for (const [index, { cycle }] of devices.entries()) {
        const times = began.get(String(index)) ?? [];
        for (let at = 1; at < times.length; at++) {
          const gap = (times[at] ?? 0) - (times[at - 1] ?? 0);
          assert.ok(gap <= cycle + round * devices.length, `${index} waited ${gap} with a cycle of ${cycle}`);
        }
        assert.ok(times.length > 0);
      }
    }),
  );
});

test('a request that turned out too wide is replaced by its parts, due at once and on the same grid', () => {
  const schedule = new Schedule<string>();
  schedule.set('a', [{ job: 'wide', cycle: 100 }], 0);
  schedule.take(0, all);
  schedule.replace('a', 'wide', ['left', 'right'], 30);
  assert.equal([schedule.take(30, all)?.job, schedule.take(31, all)?.job], ['left', 'right']);
  assert.is(schedule.nextAt(all), 100);
  schedule.replace('a', 'unknown', ['x'], 30);
  schedule.replace('b', 'wide', ['x'], 30);
  assert.is(schedule.nextAt(all), 100);
});

test('one that is removed is not read, one that has just come back is read at once', () => {
  const schedule = new Schedule<string>();
  schedule.set('a', [{ job: 'x', cycle: 100 }], 0);
  schedule.take(0, all);
  schedule.dueNow('a', 20);
  assert.equal(schedule.take(20, all), { device: 'a', job: 'x' });
  schedule.remove('a');
  assert.is(schedule.nextAt(all), undefined);
  assert.is(schedule.takeOf('a', 500), undefined);
});

test.run();
