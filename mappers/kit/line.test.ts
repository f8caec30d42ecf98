import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TestBed } from './testing/test-bed.ts';

/** Lines as a mapper runs them, on a virtual clock with devices in memory: what is on the wire when, and what is told of it. */
const test = suite('line');

const values = (bed: TestBed, name: string) => bed.samples(name).map(({ value }) => value);

test('reads what is due, in its cycle, and says that the device is ready', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).registers.set(0, 7);
  bed.configure({ name: 'one' });
  await bed.advance(3_500);
  assert.equal(values(bed, 'one'), ['7', '7', '7', '7']);
  assert.is(bed.samples('one')[0]?.at, bed.clock.now() - 3_500 + 5);
  assert.is(bed.health('one')?.reason, 'Ready');
  await bed.mapper.stop();
});

test('a write goes ahead of every poll that waits, and is read back before the next of them', async () => {
  const bed = new TestBed();
  for (let unit = 1; unit <= 10; unit++) bed.configure({ name: `d${unit}`, config: { unit } });
  await bed.advance(2_005);
  bed.desire('d9', 42);
  const { length } = bed.plant.wire;
  await bed.advance(40);
  const next = bed.plant.wire.slice(length).map(({ unit, kind }) => `${kind} ${unit}`);
  assert.equal(next.slice(0, 2), ['write 9', 'read 9']);
  assert.is(bed.plant.unit(9).registers.get(0), 42);
  assert.equal(bed.phases('d9'), ['Sent', 'Acknowledged', 'Verified']);
  assert.is(bed.plant.overlaps, 0);
  await bed.mapper.stop();
});

test('a poll that began before a write never carries the revision of that write', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).latency = 300;
  bed.configure({ name: 'one' });
  await bed.advance(1_900);
  bed.desire('one', 5);
  // The poll of 2.0 s is on the wire when the second value comes.
  await bed.advance(1_200);
  bed.desire('one', 6);
  await bed.advance(3_000);
  for (const { value, acked } of bed.samples('one')) {
    if (acked?.generation === 1) assert.is(value, '5');
    if (acked?.generation === 2) assert.is(value, '6');
  }
  assert.is(bed.samples('one').at(-1)?.value, '6');
  await bed.mapper.stop();
});

test('of many values in a row the newest is written, one at a time', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).latency = 50;
  bed.configure({ name: 'one' });
  await bed.advance(500);
  for (let value = 1; value <= 20; value++) {
    bed.desire('one', value);
    await bed.advance(7);
  }
  await bed.advance(1_000);
  assert.is(bed.plant.unit(1).registers.get(0), 20);
  assert.is(bed.outcomes('one').at(-1)?.phase, 'Verified');
  assert.ok(bed.plant.wire.filter(({ kind }) => kind === 'write').length < 6);
  assert.is(bed.plant.overlaps, 0);
  await bed.mapper.stop();
});

test('one who never stops writing slows the polls of the line and does not end them, nor the writes of others', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'busy', config: { unit: 1 } });
  bed.configure({ name: 'other', config: { unit: 2 }, cycle: 1_000 });
  await bed.advance(1_000);
  const before = bed.samples('other').length;
  for (let step = 0; step < 1_000; step++) {
    bed.desire('busy', step);
    if (step === 500) bed.desire('other', 77);
    await bed.advance(10);
  }
  assert.ok(bed.samples('other').length - before >= 8, `${bed.samples('other').length - before} polls in 10 s`);
  assert.is(bed.outcomes('other').at(-1)?.phase, 'Verified');
  await bed.mapper.stop();
});

test('a value that the device changes is rejected with what it holds', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).hold = (value) => Math.min(value, 80);
  bed.configure({ name: 'one' });
  bed.desire('one', 95);
  await bed.advance(2_000);
  const last = bed.outcomes('one').at(-1);
  assert.is(last?.phase, 'Rejected');
  assert.is(last?.code, 'ReadBackMismatch');
  assert.is(last?.readBack, '80');
  await bed.mapper.stop();
});

test('a point that was turned by hand is written back when it is enforced, and only then', async () => {
  const bed = new TestBed();
  for (const [unit, enforce] of [
    [1, true],
    [2, false],
  ] as const) {
    bed.configure({ name: `d${unit}`, config: { unit }, property: { enforce } });
    bed.desire(`d${unit}`, 5);
  }
  await bed.advance(1_500);
  bed.plant.unit(1).registers.set(0, 9);
  bed.plant.unit(2).registers.set(0, 9);
  await bed.advance(2_000);
  assert.is(bed.plant.unit(1).registers.get(0), 5);
  assert.is(bed.plant.unit(2).registers.get(0), 9);
  await bed.mapper.stop();
});

test('one address that the device lacks costs its own point alone', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).refused.add(3);
  const points = Object.fromEntries([0, 1, 2, 3, 4, 5].map((address) => [`p${address}`, { address }]));
  bed.configure({ name: 'one', points });
  await bed.advance(2_500);
  for (const address of [0, 1, 2, 4, 5]) assert.is(bed.samples('one', `p${address}`).at(-1)?.quality, 'good');
  const bad = bed.samples('one', 'p3').at(-1);
  assert.is(bad?.quality, 'bad');
  assert.match(bad?.reason ?? '', /nothing at 3/);
  assert.is(bed.health('one')?.reason, 'Ready');
  await bed.mapper.stop();
});

test('a device that says that it is busy is not given up on', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one' });
  await bed.advance(500);
  bed.plant.unit(1).isBusy = true;
  bed.desire('one', 5);
  await bed.advance(5_000);
  assert.is(bed.health('one')?.reason, 'Ready');
  assert.is(bed.samples('one').at(-1)?.quality, 'bad');
  assert.is(bed.outcomes('one').at(-1)?.phase, 'Failed');
  bed.plant.unit(1).isBusy = false;
  await bed.advance(10_000);
  assert.is(bed.outcomes('one').at(-1)?.phase, 'Verified');
  await bed.mapper.stop();
});

test('a silent device is said to be unreachable, its values bad, its writes waiting; it is back within seconds', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one' });
  bed.configure({ name: 'other', config: { unit: 2 } });
  await bed.advance(1_500);
  bed.plant.unit(1).isSilent = true;
  await bed.advance(6_000);
  assert.is(bed.health('one')?.reason, 'DeviceUnreachable');
  assert.match(bed.health('one')?.message ?? '', /default\/one does not answer on fake:a/);
  assert.is(bed.samples('one').at(-1)?.quality, 'bad');
  bed.desire('one', 5);
  assert.is(bed.outcomes('one').at(-1)?.code, 'DeviceUnreachable');
  const told = bed.outcomes('one').length;
  await bed.advance(120_000);
  assert.is(bed.outcomes('one').length, told);
  bed.plant.unit(1).isSilent = false;
  await bed.advance(30_000);
  assert.is(bed.health('one')?.reason, 'Ready');
  assert.is(bed.plant.unit(1).registers.get(0), 5);
  const written = bed.outcomes('one').at(-1);
  assert.is(written?.phase, 'Verified');
  bed.plant.unit(1).isSilent = true;
  await bed.advance(6_000);
  // Without the revision the gateway would take it for a sample from before the write.
  assert.is(bed.samples('one').at(-1)?.quality, 'bad');
  assert.equal(bed.samples('one').at(-1)?.acked, written?.revision);
  await bed.mapper.stop();
});

test('of a device that is back everything is read at once, whatever its cycles', async () => {
  const bed = new TestBed();
  const points = { p: { address: 0 }, rare: { address: 1 } };
  bed.configure({ name: 'one', points, cycles: { rare: 3_600_000 } });
  bed.configure({ name: 'other', config: { unit: 2 } });
  await bed.advance(1_500);
  bed.plant.unit(1).isSilent = true;
  await bed.advance(10_000);
  assert.is(bed.samples('one', 'rare').at(-1)?.quality, 'bad');
  bed.plant.unit(1).isSilent = false;
  await bed.advance(30_000);
  assert.is(bed.samples('one', 'rare').at(-1)?.quality, 'good');
  await bed.mapper.stop();
});

test('a line that was opened anew asks at once also those that were given up on', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one' });
  bed.configure({ name: 'other', config: { unit: 2 } });
  bed.plant.unit(1).isSilent = true;
  await bed.advance(120_000);
  bed.plant.opening = 'refused';
  bed.plant.cut();
  await bed.advance(500);
  bed.plant.unit(1).isSilent = false;
  bed.plant.opening = 'works';
  await bed.advance(20_000);
  assert.is(bed.health('one')?.reason, 'Ready');
  const after =
    (bed.health('one')?.since ?? 0) - (bed.clock.now() - bed.clock.monotonic()) - (bed.plant.opened.at(-1) ?? 0);
  assert.ok(after < 100, `${after} ms after it was opened`);
  await bed.mapper.stop();
});

test('a late answer is let pass before the same device is asked again', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one', cycle: 100 });
  await bed.advance(1_000);
  bed.plant.unit(1).isSilent = true;
  await bed.advance(30_000);
  const asked = bed.plant.wire.filter(({ began }) => began > 1_000);
  for (const [index, { began }] of asked.entries()) {
    const before = asked[index - 1];
    if (before?.ended !== undefined) assert.ok(began - before.ended >= 1_000);
  }
  assert.ok(asked.length > 3);
  await bed.mapper.stop();
});

test('5 dead devices of 31 cost the other 26 no more than a twentieth of their samples', async () => {
  for (const seed of [1, 2, 3]) {
    const bed = new TestBed(seed);
    // 31 devices, 30 ms a request, every second: the line is full to nine tenths.
    for (let unit = 1; unit <= 31; unit++) {
      bed.plant.unit(unit).latency = 30;
      bed.configure({ name: `d${unit}`, config: { unit } });
    }
    await bed.advance(10_000);
    for (let unit = 1; unit <= 5; unit++) bed.plant.unit(unit * 6).isSilent = true;
    // What it takes to find out is over after this.
    await bed.advance(20_000);
    const count = (unit: number) => bed.samples(`d${unit}`).length;
    const before = Array.from({ length: 32 }, (_, unit) => count(unit));
    await bed.advance(300_000);
    for (let unit = 1; unit <= 31; unit++) {
      if (unit % 6 === 0) continue;
      const rate = (count(unit) - (before[unit] ?? 0)) / 300;
      assert.ok(rate >= 0.95, `device ${unit} has ${rate} of its samples, seed ${seed}`);
    }
    // And a dead one that is repaired is found within a minute.
    bed.plant.unit(12).isSilent = false;
    await bed.advance(60_000);
    assert.is(bed.health('d12')?.reason, 'Ready');
    await bed.mapper.stop();
  }
});

test('a line that cannot be opened is tried with back-off, and says why', async () => {
  const bed = new TestBed();
  bed.plant.opening = 'refused';
  bed.configure({ name: 'one' });
  bed.desire('one', 5);
  await bed.advance(60_000);
  assert.is(bed.health('one')?.reason, 'LineDown');
  assert.match(bed.health('one')?.message ?? '', /fake:a cannot be opened: nobody listens/);
  assert.is(bed.outcomes('one').at(-1)?.code, 'LineDown');
  const { length } = bed.plant.opened;
  assert.ok(length > 20 && length < 40, `${length} times in a minute`);
  bed.plant.opening = 'works';
  await bed.advance(3_500);
  assert.is(bed.health('one')?.reason, 'Ready');
  assert.is(bed.outcomes('one').at(-1)?.phase, 'Verified');
  await bed.mapper.stop();
});

test('a server that takes connections and drops them is a line that is down, not a busy loop', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one' });
  await bed.advance(1_500);
  bed.plant.opening = 'drops';
  await bed.advance(60_000);
  assert.is(bed.health('one')?.reason, 'LineDown');
  assert.ok(bed.plant.opened.length < 40, `${bed.plant.opened.length} times in a minute`);
  bed.plant.opening = 'works';
  await bed.advance(5_000);
  assert.is(bed.health('one')?.reason, 'Ready');
  await bed.mapper.stop();
});

test('a driver that hangs in open is left alone, and asked again', async () => {
  const bed = new TestBed();
  bed.plant.opening = 'hangs';
  bed.configure({ name: 'one' });
  await bed.advance(11_000);
  assert.is(bed.health('one')?.reason, 'LineDown');
  bed.plant.opening = 'works';
  await bed.advance(15_000);
  assert.is(bed.health('one')?.reason, 'Ready');
  await bed.mapper.stop();
});

test('a cable that is pulled in the middle of a write: the value is there when it is plugged in again', async () => {
  const bed = new TestBed();
  bed.plant.unit(1).latency = 100;
  bed.configure({ name: 'one' });
  await bed.advance(1_500);
  bed.desire('one', 5);
  await bed.advance(50);
  bed.plant.opening = 'refused';
  bed.plant.cut();
  await bed.advance(5_000);
  assert.is(bed.health('one')?.reason, 'LineDown');
  assert.is(bed.outcomes('one').at(-1)?.phase, 'Failed');
  bed.plant.opening = 'works';
  await bed.advance(5_000);
  assert.is(bed.plant.unit(1).registers.get(0), 5);
  assert.is(bed.outcomes('one').at(-1)?.phase, 'Verified');
  assert.is(bed.plant.sessions, 1);
  await bed.mapper.stop();
});

test('when nobody answers on it, a connection is made anew', async () => {
  const bed = new TestBed();
  bed.configure({ name: 'one' });
  await bed.advance(1_500);
  bed.plant.unit(1).isSilent = true;
  await bed.advance(10_000);
  assert.ok(bed.plant.opened.length > 1);
  assert.is(bed.plant.sessions, 1);
  await bed.mapper.stop();
});

test.run();
