import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sleep } from './clock.ts';
import { millis, minutes, seconds } from './duration.ts';
import { VirtualClock } from './virtual-clock.ts';

const test = suite('virtual clock');

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

test('time never goes back, and two who advance it at once both have their way', async () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  clock.after('mine', seconds(60), () => fired.push(clock.monotonic()));
  await Promise.all([clock.advance(seconds(50)), clock.advance(seconds(20))]);
  assert.is(clock.monotonic(), 70_000);
  assert.equal(fired, [60_000]);
});

test('sleep ends with the signal, leaving no timer', async () => {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const sleeping = sleep(clock, minutes(1), abort.signal).catch((error: Error) => error.message);
  abort.abort(new Error('enough'));
  assert.is(await sleeping, 'enough');
  assert.equal(clock.pending(), []);
});

test.run();
