import type { Random } from '@selvedge/base/random';
import type { Law, Ref, Signal } from '../plant/plant.ts';

/** What a signal remembers: its true value, and the seconds it has worked. */
export interface SignalState {
  readonly value: number;
  readonly elapsed: number;
}

export interface StepResult {
  readonly state: readonly SignalState[];
  /** What an instrument shows of each signal: its value with noise. */
  readonly measured: readonly number[];
}

export const initialState = (signals: readonly Signal[]): SignalState[] =>
  signals.map((signal) => ({ value: within(signal, signal.initial), elapsed: 0 }));

/**
 * Moves every signal on by `dt` seconds. Pure but for the draws from `random`, of which each noisy signal takes two.
 * A signal sees those listed before it as they are after this step, and those listed after it as they were before.
 * Exact for any `dt` while the inputs stand still, so a long step neither overshoots nor blows up. A signal whose law gives
 * no finite number stays where it was.
 *
 * @param inputs  values of the plant's input points, in the order of `plant.inputs`
 */
export function step(
  signals: readonly Signal[],
  state: readonly SignalState[],
  inputs: readonly number[],
  dt: number,
  random: Random,
): StepResult {
  const next = [...state];
  const measured: number[] = [];
  const read = (ref: Ref): number => {
    if (ref.from === 'constant') return ref.value;
    return (ref.from === 'signal' ? next[ref.index]?.value : inputs[ref.index]) ?? 0;
  };
  for (const [index, signal] of signals.entries()) {
    const before = next[index] ?? { value: signal.initial, elapsed: 0 };
    const moved = move(signal.law, before, dt, read);
    const value = within(signal, moved.value);
    // A master can write NaN or an infinity into a register. Taken up once, it would never leave the physics again.
    next[index] = Number.isFinite(value) ? { value, elapsed: moved.elapsed } : before;
    const shown = next[index]?.value ?? value;
    measured.push(signal.noise > 0 ? shown + signal.noise * gaussian(random) : shown);
  }
  return { state: next, measured };
}

function move(law: Law, { value, elapsed }: SignalState, dt: number, read: (ref: Ref) => number): SignalState {
  const later = elapsed + dt;
  switch (law.kind) {
    case 'constant':
      return { value: read(law.value), elapsed: later };
    case 'lag': {
      if (read(law.when) !== 0) return { value: approach(value, read(law.towards), dt / law.tau), elapsed: later };
      if (law.ambient === undefined) return { value, elapsed };
      return { value: approach(value, read(law.ambient), dt / law.ambientTau), elapsed };
    }
    case 'slew': {
      const gap = read(law.towards) - value;
      return { value: value + Math.sign(gap) * Math.min(Math.abs(gap), law.rate * dt), elapsed: later };
    }
    case 'ramp': {
      const worked = read(law.when) !== 0 ? later : elapsed;
      const [from, to] = [read(law.from), read(law.to)];
      return { value: from + (to - from) * rampShare(worked / law.duration, law.end), elapsed: worked };
    }
    case 'counter': {
      if (read(law.when) === 0) return { value, elapsed };
      const counted = value + read(law.rate) * law.gain * dt;
      return { value: law.modulus === undefined ? counted : modulo(counted, law.modulus), elapsed: later };
    }
    case 'sine': {
      const turns = later / law.period + law.phase;
      return { value: read(law.mean) + read(law.amplitude) * Math.sin(2 * Math.PI * turns), elapsed: later };
    }
    case 'sum':
      return {
        value: law.terms.reduce((sum, { ref, factor }) => sum + factor * read(ref), law.offset),
        elapsed: later,
      };
    case 'switch':
      return { value: isOn(law, value !== 0, read) ? 1 : 0, elapsed: later };
  }
}

function approach(value: number, target: number, timeConstants: number): number {
  return target + (value - target) * Math.exp(-timeConstants);
}

function rampShare(turns: number, end: 'hold' | 'restart' | 'return'): number {
  if (end === 'hold') return Math.min(1, turns);
  if (end === 'restart') return modulo(turns, 1);
  const half = modulo(turns, 2);
  return half <= 1 ? half : 2 - half;
}

function isOn(law: Extract<Law, { kind: 'switch' }>, was: boolean, read: (ref: Ref) => number): boolean {
  if (read(law.when) === 0) return false;
  const input = read(law.input);
  const slack = was ? law.hysteresis : 0;
  if (law.above !== undefined) return input > read(law.above) - slack;
  return law.below !== undefined && input < read(law.below) + slack;
}

const within = (signal: Signal, value: number): number => Math.min(signal.max, Math.max(signal.min, value));
const modulo = (value: number, by: number): number => ((value % by) + by) % by;

/** Box and Muller: two even draws make one of the normal distribution, mean 0, deviation 1. */
function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
