import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TestBed } from './testing/test-bed.ts';

/** Devices that come, change and go while their lines are at work. */
const test = suite('mapper');

test('a device that moves to another line is asked there alone, at once', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one', config: { bus: 'a' } });
  await bed.advance(2_005);
  // A read is on the wire of the old line.
  bed.configure({ name: 'one', generation: 2, config: { bus: 'b' } });
  const moved = bed.clock.monotonic();
  const { length } = bed.plant.wire;
  await bed.advance(3_000);
  const later = bed.plant.wire.slice(length);
  assert.ok(later.length >= 3);
  assert.ok(later.every(({ bus }) => bus === 'b'));
  assert.ok((later[0]?.began ?? 0) - moved < 200);
  assert.is(bed.plant.sessions, 1);
  assert.is(bed.plant.overlaps, 0);
  await bed.mapper.stop();
});

test('what a poll found by the old configuration is not told as a value of the new one', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).latency = 200;
  bed.plant.unit(1).registers.set(0, 11).set(9, 99);
  bed.configure({ name: 'one', points: { p: { address: 0 } } });
  await bed.advance(2_100);
  const before = bed.samples('one').length;
  bed.configure({ name: 'one', generation: 2, points: { p: { address: 9 } } });
  await bed.advance(2_000);
  const after = bed.samples('one').slice(before);
  assert.ok(after.length > 0);
  for (const { value } of after) assert.is(value, '99');
  assert.is(bed.plant.overlaps, 0);
  await bed.mapper.stop();
});

test('a new generation in which only a desired value changed disturbs nothing', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one' });
  await bed.advance(1_500);
  for (let generation = 2; generation < 10; generation++) {
    bed.configure({ name: 'one', generation });
    await bed.advance(100);
  }
  assert.equal(
    bed.samples('one').map(({ at }) => (at - 5) % 1_000),
    [0, 0, 0],
  );
  assert.is(bed.health('one')?.generation, 9);
  await bed.mapper.stop();
});

test('a device that was given up on is tried at once at the place where it is now', async () => {
  const bed = new TestBed();
  bed.plant.unit(7).isSilent = true;
  bed.configure({ name: 'one', config: { unit: 7 } });
  bed.configure({ name: 'other', config: { unit: 2 } });
  await bed.advance(60_000);
  assert.is(bed.health('one')?.reason, 'DeviceUnreachable');
  bed.configure({ name: 'one', generation: 2, config: { unit: 1 } });
  await bed.advance(200);
  assert.is(bed.health('one')?.reason, 'Ready');
  await bed.mapper.stop();
});

test('of two devices that claim one line with different settings the older is served, whatever the order', async () => {
  for (const order of [
    ['old', 'young'],
    ['young', 'old'],
  ]) {
    const bed = new TestBed();
    const options = {
      old: { name: 'old', createdAt: 1, config: { unit: 1, speed: 1 } },
      young: { name: 'young', createdAt: 2, config: { unit: 2, speed: 2 } },
    };
    for (const name of order) {
      bed.configure(options[name as 'old' | 'young']);
      await bed.advance(1_500);
    }
    bed.desire('young', 5);
    await bed.advance(1_500);
    assert.is(bed.health('old')?.reason, 'Ready');
    assert.is(bed.health('young')?.reason, 'LineConflict');
    assert.match(bed.health('young')?.message ?? '', /fake:a is used by the older device default\/old/);
    assert.is(bed.outcomes('young').at(-1)?.code, 'LineConflict');
    // Once they agree, or the older one is gone, the younger is served and its value written.
    bed.remove('old');
    await bed.advance(1_500);
    assert.is(bed.health('young')?.reason, 'Ready');
    assert.is(bed.outcomes('young').at(-1)?.phase, 'Verified');
    assert.is(bed.plant.overlaps, 0);
    await bed.mapper.stop();
  }
});

test('a device that is removed is asked nothing more, and then its health is cleared', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).latency = 400;
  bed.configure({ name: 'one' });
  bed.configure({ name: 'other', config: { unit: 2 } });
  await bed.advance(2_100);
  bed.remove('one');
  const removed = bed.clock.monotonic();
  await bed.advance(3_000);
  assert.ok(bed.plant.wire.every(({ unit, began }) => unit === 2 || began <= removed));
  assert.is(bed.health('one'), undefined);
  assert.is(bed.health('other')?.reason, 'Ready');
  assert.is(bed.plant.overlaps, 0);
  await bed.mapper.stop();
});

test('a device of the same name that was made anew shares nothing with its predecessor', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one', uid: 'uid-one' });
  bed.desire('one', 5);
  await bed.advance(1_500);
  bed.configure({ name: 'one', uid: 'uid-two' });
  await bed.advance(1_500);
  assert.is(bed.health('one')?.uid, 'uid-two');
  assert.is(bed.samples('one').at(-1)?.acked, undefined);
  await bed.mapper.stop();
});

/** Keeps the lines from being arranged anew for two seconds: one of them has a write in hand. */
async function busyArranging(bed: TestBed): Promise<void> {
  bed.plant.unit(9).latency = 2_000;
  bed.configure({ name: 'slow', config: { bus: 'z', unit: 9, timeout: 5_000 }, cycle: 60_000 });
  await bed.advance(2_500);
  bed.desire('slow', 1);
  await bed.advance(10);
  assert.is(bed.plant.wire.at(-1)?.kind, 'write');
  bed.configure({ name: 'slow', generation: 2, config: { bus: 'y', unit: 9, timeout: 5_000 } });
}

test('a device is not asked between its new configuration and the new arrangement of lines', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one', points: { p: { address: 0 } }, cycle: 100 });
  await busyArranging(bed);
  bed.configure({ name: 'one', generation: 2, points: { p: { address: 5 } }, cycle: 100 });
  const { length } = bed.plant.wire;
  await bed.advance(4_000);
  const asked = bed.plant.wire.slice(length).filter(({ unit }) => unit === 1);
  assert.ok(asked.length > 10);
  for (const { addresses } of asked) assert.equal(addresses, [5]);
  await bed.mapper.stop();
});

test('a predecessor of the same name has no word any more, also while it still has its place on the line', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one', uid: 'uid-one' });
  await busyArranging(bed);
  bed.configure({ name: 'one', uid: 'uid-two' });
  bed.plant.cut();
  assert.is(bed.health('one')?.uid, 'uid-two');
  await bed.advance(5_000);
  assert.is(bed.health('one')?.uid, 'uid-two');
  assert.is(bed.health('one')?.reason, 'Ready');
  await bed.mapper.stop();
});

test('the health of a device that is removed is cleared when its last write is off the wire, not before', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).latency = 500;
  bed.configure({ name: 'one' });
  bed.configure({ name: 'other', config: { unit: 2 } });
  await bed.advance(1_900);
  bed.desire('one', 5);
  await bed.advance(100);
  assert.is(bed.plant.wire.at(-1)?.kind, 'write');
  bed.remove('one');
  await bed.advance(200);
  assert.ok(bed.health('one'));
  await bed.advance(500);
  assert.is(bed.health('one'), undefined);
  assert.is(bed.plant.unit(1).registers.get(0), 5);
  await bed.mapper.stop();
});

test('a device that comes to a line that is down already is told so', async () => {
  const bed = new TestBed();
  bed.plant.opening = 'refused';
  bed.configure({ name: 'one' });
  await bed.advance(30_000);
  bed.configure({ name: 'two', config: { unit: 2 } });
  await bed.advance(0);
  assert.is(bed.health('two')?.reason, 'LineDown');
  await bed.mapper.stop();
});

test('one wrong property leaves the others served, a wrong device is not served at all', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one', points: { p: { address: 0 }, q: { address: 'x' }, r: { address: 66 } } });
  bed.configure({ name: 'two', config: { unit: 300 } });
  bed.configure({ name: 'three', config: { bus: 'none' } });
  await bed.advance(1_500);
  assert.is(bed.samples('one').length, 2);
  assert.is(bed.health('one')?.reason, 'InvalidConfig');
  assert.match(
    bed.health('one')?.message ?? '',
    /property "q": address: "x" must be a number; property "r": address 66/,
  );
  assert.match(bed.health('two')?.message ?? '', /configData: unit: 300 must be from 1 to 100/);
  assert.match(bed.health('three')?.message ?? '', /bus "none" cannot be used; name another/);
  // Mended, it is served.
  bed.configure({ name: 'two', generation: 2, config: { unit: 3 } });
  await bed.advance(500);
  assert.is(bed.health('two')?.reason, 'Ready');
  await bed.mapper.stop();
});

test('a value that rules refuse is told so and does not reach the wire', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one', property: { maximum: '10' } });
  bed.configure({ name: 'two', config: { unit: 2 }, points: { p: { address: 0, readOnly: true } } });
  for (const [value, code] of [
    ['11', 'AboveMaximum'],
    ['NaN', 'NotANumber'],
    ['70000', 'AboveMaximum'],
    ['-1', 'OutOfRange'],
  ] as const) {
    bed.desire('one', value);
    await bed.advance(100);
    assert.is(bed.outcomes('one').at(-1)?.code, code);
  }
  bed.desire('two', 1);
  await bed.advance(100);
  assert.is(bed.outcomes('two').at(-1)?.code, 'NotWritable');
  assert.not(bed.plant.wire.some(({ kind }) => kind === 'write'));
  await bed.mapper.stop();
});

test('a desired value that comes before its device waits for it', async () => {
  const bed = new TestBed();
  bed.desire('one', 5);
  await bed.advance(1_000);
  bed.configure({ name: 'one' });
  await bed.advance(100);
  assert.is(bed.plant.unit(1).registers.get(0), 5);
  await bed.mapper.stop();
});

test('what was verified before a restart is not written again', async () => {
  const bed = new TestBed();
  const outcome = {
    revision: { uid: 'uid-one', generation: 1, local: 0 },
    ...({ value: '5', origin: 'spec', phase: 'Verified', at: 1, attempts: 1 } as const),
  };
  bed.desire('one', 5, 'p', outcome);
  bed.configure({ name: 'one' });
  await bed.advance(2_500);
  assert.not(bed.plant.wire.some(({ kind }) => kind === 'write'));
  assert.equal(bed.samples('one').at(-1)?.acked, outcome.revision);
  await bed.mapper.stop();
});

test('after the bus was away everything is told once more', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one' });
  bed.desire('one', 5);
  await bed.advance(1_500);
  const told = bed.outcomes('one').length;
  bed.mapper.retell();
  assert.is(bed.outcomes('one').length, told + 1);
  assert.is(bed.outcomes('one').at(-1)?.phase, 'Verified');
  await bed.mapper.stop();
});

test('stopping finishes the write in hand, and asks nothing more', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).latency = 500;
  bed.configure({ name: 'one', points: { p: { address: 0 }, q: { address: 1 } } });
  await bed.advance(1_900);
  bed.desire('one', 5);
  await bed.advance(200);
  const stopped = bed.mapper.stop();
  const { length } = bed.plant.wire;
  assert.is(bed.plant.wire.at(-1)?.kind, 'write');
  await bed.advance(5_000);
  await stopped;
  assert.is(bed.plant.unit(1).registers.get(0), 5);
  assert.is(bed.plant.wire.length, length);
  assert.equal(bed.phases('one').at(-1), 'Acknowledged');
  assert.is(bed.plant.sessions, 0);
  assert.equal(bed.clock.pending(), []);
});

test('stopping does not wait for a line that is being opened, nor for a read', async () => {
  for (const opening of ['hangs', 'works'] as const) {
    const bed = new TestBed();
    bed.plant.opening = opening;
    bed.plant.unit(1).isSilent = true;
    bed.configure({ name: 'one', config: { timeout: 50_000 } });
    await bed.advance(1_500);
    let isStopped = false;
    const stopped = bed.mapper.stop().then(() => {
      isStopped = true;
    });
    await bed.advance(2_500);
    assert.ok(isStopped, opening);
    await stopped;
    assert.is(bed.plant.sessions, 0);
    bed.configure({ name: 'late' });
    await bed.advance(5_000);
    assert.is(bed.health('late'), undefined);
  }
});

test.run();
