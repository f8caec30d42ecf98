import type { Clock, Timer } from '@selvedge/base/clock';
import { type Duration, millis } from '@selvedge/base/duration';
import type { Random } from '@selvedge/base/random';
import type { Plant, Point, PointValue } from '../plant/plant.ts';
import type { DeviceMemory } from '../points/memory.ts';
import { initialState, type SignalState, step } from './step.ts';

/** Steps that were missed while the machine slept or was busy are made up for in one; but no more than this of time. */
const maxCatchUp = millis(10_000);

export interface WorldOptions {
  readonly plant: Plant;
  readonly memories: ReadonlyMap<string, DeviceMemory>;
  readonly clock: Clock;
  readonly random: Random;
  /** State of signals by name, from an earlier run. */
  readonly restored?: ReadonlyMap<string, SignalState>;
}

/** Steps the physics by the clock: reads points, moves the signals, drives points. */
export class World {
  readonly #options: WorldOptions;
  #state: readonly SignalState[];
  #timer: Timer | undefined;
  #last = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { signals } = options.plant;
    this.#state = initialState(signals).map((state, index) => {
      return options.restored?.get(signals[index]?.name ?? '') ?? state;
    });
  }

  /** Shows the state as it is on the points, then steps until stopped. */
  start(): void {
    this.#step(0);
    if (this.#options.plant.signals.length === 0) return;
    this.#last = this.#options.clock.monotonic();
    this.#schedule(this.#options.plant.step);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** True value of each signal, by name. */
  signals(): Map<string, SignalState> {
    const state = this.#state;
    return new Map(
      this.#options.plant.signals.map((signal, index) => [signal.name, state[index] ?? { value: 0, elapsed: 0 }]),
    );
  }

  #schedule(delay: Duration): void {
    const { clock, plant } = this.#options;
    this.#timer = clock.after('world step', delay, () => {
      // Whole steps, so that the same seed gives the same values however late the timers fire.
      const passed = Math.min(clock.monotonic() - this.#last, maxCatchUp);
      const steps = Math.max(1, Math.floor(passed / plant.step));
      for (let left = steps; left > 0; left--) this.#step(plant.step / 1_000);
      this.#last = passed === maxCatchUp ? clock.monotonic() : this.#last + steps * plant.step;
      this.#schedule(millis(Math.max(0, this.#last + plant.step - clock.monotonic())));
    });
  }

  #step(dt: number): void {
    const { plant, random } = this.#options;
    const inputs = plant.inputs.map((point) => Number(this.#memory(point).get(point)));
    const { state, measured } = step(plant.signals, this.#state, inputs, dt, random);
    this.#state = state;
    for (const [index, signal] of plant.signals.entries()) {
      for (const point of signal.drives) this.#memory(point).set(point, measured[index] as PointValue);
    }
  }

  #memory(point: Point): DeviceMemory {
    const memory = this.#options.memories.get(point.device);
    if (!memory) throw new Error(`no memory for device "${point.device}"`);
    return memory;
  }
}
