import { millis } from '@selvedge/base/duration';
import { seededRandom } from '@selvedge/base/random';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadPlant, parsePlant } from '../plant/load.ts';
import type { Plant, PointValue } from '../plant/plant.ts';
import { DeviceMemory } from '../points/memory.ts';
import { World } from './world.ts';

const test = suite('world');

const boiler = loadPlant(new URL('../plants/boiler.yaml', import.meta.url).pathname);

function running(plant: Plant, seed: number, restored?: ReturnType<World['signals']>) {
  const clock = new VirtualClock();
  const memories = new Map(plant.devices.map((device) => [device.name, new DeviceMemory(device)]));
  const world = new World({ plant, memories, clock, random: seededRandom(seed), ...(restored ? { restored } : {}) });
  world.start();
  const find = (device: string, name: string) => {
    const memory = memories.get(device);
    const point = memory?.device.points.find((one) => one.name === name);
    if (!memory || !point) throw new Error(`no ${device}.${name}`);
    return { memory, point };
  };
  return {
    clock,
    world,
    get: (device: string, name: string): PointValue => {
      const { memory, point } = find(device, name);
      return memory.get(point);
    },
    set: (device: string, name: string, value: PointValue) => {
      const { memory, point } = find(device, name);
      memory.set(point, value);
    },
    all: () => [...memories.values()].map((memory) => memory.device.points.map((point) => memory.get(point))),
  };
}

test('the water follows its set-point, and the flame shows that it is heated', async () => {
  const plant = running(boiler, 1);
  assert.ok(Math.abs(Number(plant.get('boiler', 'temperature')) - 20) < 1);
  await plant.clock.advance(millis(20_000));
  const expected = 20 + 40 * (1 - Math.exp(-1));
  assert.ok(Math.abs(Number(plant.get('boiler', 'temperature')) - expected) < 0.5);
  assert.is(plant.get('boiler', 'flame'), true);
  plant.set('boiler', 'setpoint', 65);
  await plant.clock.advance(millis(200_000));
  assert.ok(Math.abs(Number(plant.get('boiler', 'temperature')) - 65) < 0.4);
  assert.is(plant.get('boiler', 'flame'), true);
  assert.ok(Number(plant.get('boiler', 'energy')) > 1_000);
});

test('without burner the water cools and the flame is out', async () => {
  const plant = running(boiler, 1);
  await plant.clock.advance(millis(100_000));
  plant.set('boiler', 'burner', false);
  await plant.clock.advance(millis(100));
  assert.is(plant.get('boiler', 'flame'), false);
  const energy = plant.get('boiler', 'energy');
  await plant.clock.advance(millis(300_000));
  assert.ok(Number(plant.get('boiler', 'temperature')) < 50);
  assert.is(plant.get('boiler', 'energy'), energy);
});

test('the pump runs up to speed at its rate, and the flow follows', async () => {
  const plant = running(boiler, 1);
  await plant.clock.advance(millis(2_000));
  assert.ok(Math.abs(Number(plant.get('pump', 'speed')) - 600) <= 30);
  await plant.clock.advance(millis(30_000));
  assert.is(plant.get('pump', 'speed'), 1_450);
  assert.ok(Math.abs(Number(plant.get('boiler', 'flow')) - 1.45) < 0.1);
});

test('the same seed gives the same values, however the time was cut up, and whatever was written meanwhile', async () => {
  const write = fc.record({ at: fc.integer({ min: 0, max: 4_000 }), setpoint: fc.integer({ min: 10, max: 90 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1_000 }),
      fc.array(write, { maxLength: 4 }),
      fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 6 }),
      async (seed, writes, cuts) => {
        const play = async (pauses: readonly number[]) => {
          const plant = running(boiler, seed);
          const moments = [
            ...pauses.map((at) => ({ at, setpoint: undefined })),
            ...writes,
            { at: 5_000, setpoint: undefined },
          ];
          let now = 0;
          for (const { at, setpoint } of moments.sort((a, b) => a.at - b.at)) {
            await plant.clock.advance(millis(at - now));
            now = at;
            if (setpoint !== undefined) plant.set('boiler', 'setpoint', setpoint);
          }
          return plant.all();
        };
        assert.equal(await play(cuts), await play([]));
      },
    ),
    { seed: 8, numRuns: 25 },
  );
});

test('a register that holds no number stops what depends on it, and no longer than it does', async () => {
  for (const nonsense of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const plant = running(boiler, 1);
    await plant.clock.advance(millis(60_000));
    const before = Number(plant.get('boiler', 'energy'));
    plant.set('boiler', 'maxPower', nonsense);
    await plant.clock.advance(millis(60_000));
    assert.is(plant.get('boiler', 'energy'), before);
    assert.ok([...plant.world.signals().values()].every(({ value }) => Number.isFinite(value)));
    plant.set('boiler', 'maxPower', 24);
    await plant.clock.advance(millis(60_000));
    assert.ok(Number(plant.get('boiler', 'energy')) > before);
  }
});

test('another seed gives other noise', async () => {
  const measured = async (seed: number) => {
    const plant = running(boiler, seed);
    await plant.clock.advance(millis(5_000));
    return plant.get('boiler', 'flow');
  };
  assert.not.equal(await measured(1), await measured(2));
});

test('goes on from the state it is given', async () => {
  const first = running(boiler, 1);
  await first.clock.advance(millis(60_000));
  const second = running(boiler, 1, first.world.signals());
  assert.ok(Math.abs(Number(second.get('boiler', 'temperature')) - Number(first.get('boiler', 'temperature'))) < 0.5);
  assert.is(second.get('boiler', 'energy'), first.get('boiler', 'energy'));
});

test('a stopped world stands still', async () => {
  const plant = running(boiler, 1);
  plant.world.stop();
  const before = plant.all();
  await plant.clock.advance(millis(10_000));
  assert.equal(plant.all(), before);
  assert.equal(plant.clock.pending(), []);
});

test('a plant without physics has no timer', () => {
  const still = parsePlant('still.yaml', 'lines: {}\ndevices: {}\n');
  assert.equal(running(still, 1).clock.pending(), []);
});

test.run();
