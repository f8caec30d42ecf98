import { seededRandom } from '@selvedge/base/random';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Law, Ref, Signal } from '../plant/plant.ts';
import { initialState, step } from './step.ts';

const test = suite('world step');

const constant = (value: number): Ref => ({ from: 'constant', value });
const point = (index: number): Ref => ({ from: 'point', index });
const unlimited = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
const signal = (law: Law, over: Partial<Signal> = {}): Signal => ({
  name: 's',
  law,
  initial: 0,
  noise: 0,
  ...unlimited,
  drives: [],
  ...over,
});
const lag = (over: Partial<Extract<Law, { kind: 'lag' }>> = {}): Law => ({
  kind: 'lag',
  towards: constant(60),
  tau: 20,
  when: constant(1),
  ambient: undefined,
  ambientTau: 20,
  ...over,
});

/** True values of one signal after each of `steps`, by (dt, inputs). */
function run(one: Signal, steps: readonly { dt: number; inputs?: number[] }[]): number[] {
  let state: ReturnType<typeof step>['state'] = initialState([one]);
  return steps.map(({ dt, inputs }) => {
    state = step([one], state, inputs ?? [], dt, seededRandom(1)).state;
    return round(state[0]?.value ?? Number.NaN);
  });
}
const round = (value: number): number => Math.round(value * 1e6) / 1e6;
const times = (count: number, dt: number) => Array.from({ length: count }, () => ({ dt }));

test('a lag covers 63.2 % of the way in one time constant, in one step or in many', () => {
  const expected = round(20 + 40 * (1 - Math.exp(-1)));
  const boiler = signal(lag(), { initial: 20 });
  assert.is(run(boiler, [{ dt: 20 }]).at(-1), expected);
  assert.is(run(boiler, times(400, 0.05)).at(-1), expected);
});

test('a lag that does not work loses towards its ambient, and stays without one', () => {
  const off = { when: constant(0) };
  const cooling = signal(lag({ ...off, ambient: constant(10), ambientTau: 100 }), { initial: 60 });
  assert.is(run(cooling, [{ dt: 100 }]).at(-1), round(10 + 50 * Math.exp(-1)));
  assert.is(run(signal(lag(off), { initial: 60 }), [{ dt: 100 }]).at(-1), 60);
});

test('a slew goes at its rate and stops where it was going', () => {
  const law: Law = { kind: 'slew', towards: point(0), rate: 10 };
  const steps = [
    { dt: 1, inputs: [25] },
    { dt: 1, inputs: [25] },
    { dt: 1, inputs: [25] },
    { dt: 1, inputs: [0] },
  ];
  assert.equal(run(signal(law), steps), [10, 20, 25, 15]);
});

test('a ramp holds, restarts or returns at its end', () => {
  const ramp = (end: 'hold' | 'restart' | 'return') =>
    run(
      signal({ kind: 'ramp', from: constant(0), to: constant(100), duration: 10, end, when: constant(1) }),
      times(6, 4),
    );
  assert.equal(ramp('hold'), [40, 80, 100, 100, 100, 100]);
  assert.equal(ramp('restart'), [40, 80, 20, 60, 0, 40]);
  assert.equal(ramp('return'), [40, 80, 80, 40, 0, 40]);
});

test('a counter counts while it works and wraps at its modulus', () => {
  const law: Law = { kind: 'counter', rate: constant(2), gain: 3, modulus: 10, when: point(0) };
  const steps = [
    { dt: 1, inputs: [1] },
    { dt: 1, inputs: [0] },
    { dt: 1, inputs: [1] },
  ];
  assert.equal(run(signal(law), steps), [6, 6, 2]);
});

test('a sine passes its middle, top and bottom', () => {
  const law: Law = { kind: 'sine', mean: constant(20), amplitude: constant(5), period: 4, phase: 0 };
  assert.equal(run(signal(law), times(4, 1)), [25, 20, 15, 20]);
});

test('a switch stays on for its hysteresis, and is off while it may not work', () => {
  const above: Law = {
    kind: 'switch',
    input: point(0),
    above: constant(10),
    below: undefined,
    hysteresis: 2,
    when: point(1),
  };
  const inputs = [9, 11, 9, 8, 11].map((value) => ({ dt: 1, inputs: [value, 1] }));
  assert.equal(run(signal(above), [...inputs, { dt: 1, inputs: [11, 0] }]), [0, 1, 1, 0, 1, 0]);
  const below: Law = { ...above, above: undefined, below: constant(10), when: constant(1) };
  assert.equal(run(signal(below), inputs), [1, 1, 1, 1, 1]);
  assert.equal(
    run(signal(below), [
      { dt: 1, inputs: [13] },
      { dt: 1, inputs: [9] },
      { dt: 1, inputs: [12] },
    ]),
    [0, 1, 0],
  );
});

test('a sum sees the signals before it as of this step', () => {
  const first = signal({ kind: 'slew', towards: constant(100), rate: 10 });
  const sum: Law = { kind: 'sum', terms: [{ ref: { from: 'signal', index: 0 }, factor: 2 }], offset: 1 };
  const { state } = step([first, signal(sum)], initialState([first, signal(sum)]), [], 1, seededRandom(1));
  assert.is(state[1]?.value, 21);
});

test('a signal stays between min and max', () => {
  const slew: Law = { kind: 'slew', towards: constant(100), rate: 10 };
  assert.equal(run(signal(slew, { max: 15 }), times(3, 1)), [10, 15, 15]);
});

test('noise has the deviation it was given, and never enters the state', () => {
  const noisy = [signal({ kind: 'constant', value: constant(50) }, { noise: 2 })];
  const random = seededRandom(9);
  const draws = Array.from({ length: 20_000 }, () => {
    const { state, measured } = step(noisy, initialState(noisy), [], 1, random);
    assert.is(state[0]?.value, 50);
    return measured[0] ?? 0;
  });
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const deviation = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length);
  assert.ok(Math.abs(mean - 50) < 0.05, `mean ${mean}`);
  assert.ok(Math.abs(deviation - 2) < 0.05, `deviation ${deviation}`);
});

test.run();
