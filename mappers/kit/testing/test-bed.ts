import { seconds } from '@selvedge/base/duration';
import { silentLogger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import type { WriteOutcome } from '@selvedge/contract/outcome';
import type { ResolvedDevice, ResolvedProperty } from '@selvedge/contract/resolve';
import type { Sample } from '@selvedge/contract/sample';
import type { Payload } from '@selvedge/contract/topics';
import { Mapper } from '../mapper.ts';
import { BusRecorder } from './bus-recorder.ts';
import { FakePlant } from './fake-plant.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly createdAt?: number;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Visitors by property; every property is an INT that may be written. */
  readonly points?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly cycle?: number;
  /** Cycles of single properties. */
  readonly cycles?: Readonly<Record<string, number>>;
  readonly property?: Partial<ResolvedProperty>;
}

/** A mapper on a fake plant and a virtual clock, and what it tells the bus. The same seed gives the same run. */
export class TestBed {
  readonly clock = new VirtualClock();
  readonly plant = new FakePlant(this.clock);
  readonly mapper: Mapper<{ bus: string; speed: number }, { unit: number }, number>;
  readonly #bus = new BusRecorder();
  readonly #generations = new Map<string, number>();

  constructor(seed = 1) {
    this.mapper = new Mapper({
      driver: this.plant,
      clock: this.clock,
      random: seededRandom(seed),
      log: silentLogger,
      dataDir: '/nowhere',
      bus: this.#bus,
    });
  }

  /** Configures a device; by default `bus: a`, unit 1 and one point `p` at address 0, read every second. */
  configure(options: DeviceOptions): void {
    this.mapper.configure({ namespace: 'default', name: options.name }, resolved(options));
  }

  remove(name: string): void {
    this.mapper.configure({ namespace: 'default', name }, undefined);
  }

  /** Wants a value of one property; each call is a new revision. */
  desire(name: string, value: number | string, property = 'p', outcome?: WriteOutcome): void {
    const generation = (this.#generations.get(name) ?? 0) + 1;
    this.#generations.set(name, generation);
    const revision = { uid: `uid-${name}`, generation, local: 0 };
    const entry = { value: String(value), revision, origin: 'spec' as const, ...(outcome ? { outcome } : {}) };
    this.mapper.desire({ namespace: 'default', name }, { uid: `uid-${name}`, properties: { [property]: entry } });
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(seconds(ms / 1_000));
  }

  samples(name: string, property?: string): readonly Sample[] {
    return this.#bus.samples(name, property);
  }

  outcomes(name: string): readonly WriteOutcome[] {
    return this.#bus.outcomes(name);
  }

  phases(name: string): string[] {
    return this.outcomes(name).map(({ phase }) => phase);
  }

  health(name: string): Payload<'health'> | undefined {
    return this.#bus.health(name);
  }
}

export function resolved(options: DeviceOptions): ResolvedDevice {
  const {
    name,
    uid = `uid-${name}`,
    generation = 1,
    createdAt = 1,
    cycle = 1_000,
    points = { p: { address: 0 } },
  } = options;
  return {
    namespace: 'default',
    name,
    uid,
    generation,
    protocol: 'fake',
    config: { bus: 'a', ...options.config },
    createdAt,
    properties: Object.entries(points).map(([property, visitor]) => ({
      name: property,
      type: 'INT' as const,
      accessMode: 'ReadWrite' as const,
      visitor,
      collectCycle: options.cycles?.[property] ?? cycle,
      reportCycle: cycle,
      reportToCloud: true,
      enforce: false,
      deadband: 0,
      ...options.property,
    })),
  };
}
