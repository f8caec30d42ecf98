import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { millis } from './duration.ts';
import { KeyQueue } from './key-queue.ts';
import { VirtualClock } from './virtual-clock.ts';

const test = suite('key queue');

test('equal keys fold into one, and a key added while it is worked on is taken up again', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const queue = new KeyQueue({
    clock,
    work: async (key) => {
      seen.push(key);
      if (seen.length === 1) queue.add('a');
      return undefined;
    },
    onError: () => {},
  });
  queue.add('a');
  queue.add('a');
  queue.add('b');
  await clock.advance(millis(0));
  assert.equal(seen, ['a', 'b', 'a']);
});

test('a failing key waits longer each time, and others are not held up', async () => {
  const clock = new VirtualClock();
  const times: number[] = [];
  let good = 0;
  const queue = new KeyQueue({
    clock,
    retryFirst: millis(100),
    retryMax: millis(400),
    work: async (key) => {
      if (key === 'good') good += 1;
      else {
        times.push(clock.monotonic());
        throw new Error('no');
      }
      return undefined;
    },
    onError: () => {},
  });
  queue.add('bad');
  queue.add('good');
  await clock.advance(millis(1_600));
  assert.equal(times, [0, 100, 300, 700, 1_100, 1_500]);
  assert.is(good, 1);
});

test('a key is never worked on twice at the same time, whatever the concurrency', async () => {
  const clock = new VirtualClock();
  let active = 0;
  let most = 0;
  const queue = new KeyQueue({
    clock,
    concurrency: 4,
    work: async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise<void>((resolve) => clock.after('work', millis(10), resolve));
      active -= 1;
      return undefined;
    },
    onError: () => {},
  });
  for (let i = 0; i < 5; i++) {
    queue.add('a');
    await clock.advance(millis(4));
  }
  await clock.advance(millis(100));
  assert.is(most, 1);
});

test('a key that asks to be looked at again is, after its time', async () => {
  const clock = new VirtualClock();
  const times: number[] = [];
  const queue = new KeyQueue({
    clock,
    work: async () => {
      times.push(clock.monotonic());
      return times.length < 3 ? millis(50) : undefined;
    },
    onError: () => {},
  });
  queue.add('a');
  await clock.advance(millis(500));
  assert.equal(times, [0, 50, 100]);
});

test('stop waits for what is being worked on, and takes no more', async () => {
  const clock = new VirtualClock();
  let done = 0;
  const queue = new KeyQueue({
    clock,
    work: async () => {
      await new Promise<void>((resolve) => clock.after('work', millis(10), resolve));
      done += 1;
      return undefined;
    },
    onError: () => {},
  });
  queue.add('a');
  await clock.advance(millis(1));
  const stopped = queue.stop();
  queue.add('b');
  await clock.advance(millis(50));
  await stopped;
  assert.is(done, 1);
});

test.run();
