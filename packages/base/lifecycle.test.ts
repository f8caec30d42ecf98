import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seconds } from './duration.ts';
import { Lifecycle, within } from './lifecycle.ts';
import { silentLogger } from './log.ts';
import { VirtualClock } from './virtual-clock.ts';

const test = suite('life-cycle');

test('parts stop in reverse order, one that hangs is passed over', async () => {
  const clock = new VirtualClock();
  const lifecycle = new Lifecycle({ log: silentLogger, clock });
  const stopped: string[] = [];
  lifecycle.add('first', { stop: () => void stopped.push('first') });
  lifecycle.add('hanging', { stop: () => new Promise<void>(() => {}) });
  lifecycle.add('failing', {
    stop: () => {
      stopped.push('failing');
      throw new Error('cannot');
    },
  });
  lifecycle.add('last', { stop: () => void stopped.push('last') });
  const done = lifecycle.stop(seconds(1));
  await clock.advance(seconds(2));
  await done;
  assert.equal(stopped, ['last', 'failing', 'first']);
  assert.ok(lifecycle.signal.aborted);
});

test('a part that is there only after stopping began is stopped at once', async () => {
  const lifecycle = new Lifecycle({ log: silentLogger, clock: new VirtualClock() });
  const stopped: string[] = [];
  await lifecycle.stop(seconds(1));
  lifecycle.add('late', { stop: () => void stopped.push('late') });
  lifecycle.add('late and failing', {
    stop: () => {
      throw new Error('cannot');
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(stopped, ['late']);
});

test('a promise that does not settle in time is an error that names it', async () => {
  const clock = new VirtualClock();
  const waiting = within(clock, seconds(1), 'read', new Promise(() => {})).catch((error: Error) => error.message);
  await clock.advance(seconds(1));
  assert.is(await waiting, 'read: no result within 1000 ms');
});

test.run();
