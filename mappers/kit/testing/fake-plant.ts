import { type Clock, sleep } from '@selvedge/base/clock';
import { type Duration, millis } from '@selvedge/base/duration';
import { configError, rejected, transient } from '@selvedge/base/errors';
import type { ProtocolSchema } from '@selvedge/contract/protocol-schema';
import type { Call, Driver, DriverIo, Placement, Point, Raw, Reading, Session } from '../driver.ts';

/** What one device in memory does. All of it may be changed while it is served. */
export interface FakeUnit {
  readonly registers: Map<number, number>;
  /** How long it takes to answer, ms. */
  latency: number;
  /** Never answers. */
  isSilent: boolean;
  /** Refuses to touch these addresses. */
  readonly refused: Set<number>;
  /** Says that it cannot just now. */
  isBusy: boolean;
  /** What becomes of a value that is written; by default it is held. */
  hold: (value: number) => number;
}

/** One request as the wire saw it. */
export interface WireEntry {
  readonly bus: string;
  readonly unit: number;
  readonly kind: 'read' | 'write';
  readonly addresses: readonly number[];
  readonly value?: number;
  readonly began: number;
  ended?: number;
}

interface FakeLine {
  readonly bus: string;
  readonly speed: number;
}
interface FakeDevice {
  readonly unit: number;
}

const schema: ProtocolSchema = {
  protocol: 'fake',
  config: {
    type: 'object',
    properties: {
      bus: { type: 'string', description: 'Name of the bus.' },
      speed: { type: 'integer', default: 1, description: 'Setting that devices of one bus must agree on.' },
      unit: { type: 'integer', minimum: 1, maximum: 100, default: 1, description: 'Unit.' },
      timeout: { type: 'integer', minimum: 1, maximum: 60_000, default: 1_000, 'x-unit': 'ms', description: 'Wait.' },
    },
    required: ['bus'],
  },
  visitor: {
    type: 'object',
    properties: {
      address: { type: 'integer', minimum: 0, maximum: 99, description: 'Address.' },
      scale: { type: 'number', default: 1, description: 'Scale.' },
      readOnly: { type: 'boolean', default: false, description: 'Cannot be written.' },
    },
    required: ['address'],
  },
};

/** Devices on buses, all in memory and on the clock that is handed in: what the kit's own tests run on. One read takes many points. */
export class FakePlant implements Driver<FakeLine, FakeDevice, number> {
  readonly protocol = 'fake';
  readonly schema = schema;
  readonly wire: WireEntry[] = [];
  /** What `open` does: `hangs` never settles, `drops` loses every session at its first request. */
  opening: 'works' | 'refused' | 'hangs' | 'drops' = 'works';
  /** Times at which somebody tried to open a line. */
  readonly opened: number[] = [];
  /** Requests that began while another was on the same bus. */
  overlaps = 0;
  readonly #clock: Clock;
  readonly #units = new Map<number, FakeUnit>();
  /** Buses with a request on them. */
  readonly #talking = new Set<string>();
  readonly #sessions = new Set<FakeSession>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  unit(id: number): FakeUnit {
    let unit = this.#units.get(id);
    if (!unit) {
      const nothing = { latency: 10, isSilent: false, isBusy: false, hold: (value: number) => value };
      unit = { ...nothing, registers: new Map(), refused: new Set() };
      this.#units.set(id, unit);
    }
    return unit;
  }

  /** Sessions that are open now. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Breaks every session, as a pulled cable does. */
  cut(): void {
    for (const session of [...this.#sessions]) session.break();
  }

  split(config: Readonly<Record<string, unknown>>): Placement<FakeLine, FakeDevice> {
    const { bus, speed, unit, timeout } = config as { bus: string; speed: number; unit: number; timeout: number };
    if (bus === 'none') throw configError('InvalidConfig', 'bus "none" cannot be used; name another');
    return { lineKey: `fake:${bus}`, line: { bus, speed }, device: { unit }, timeout: millis(timeout) };
  }

  point(source: { name: string; visitor: Readonly<Record<string, unknown>> }): Point<number> {
    const { address, scale, readOnly } = source.visitor as { address: number; scale: number; readOnly: boolean };
    if (address === 66) throw configError('InvalidConfig', 'address 66 is reserved; use another');
    return {
      name: source.name,
      address,
      raw: { kind: 'integer', minimum: 0n, maximum: 65_535n },
      scale,
      offset: 0,
      ...(readOnly ? { readOnly: `address ${address} cannot be written` } : {}),
    };
  }

  plan(points: readonly Point<number>[]): readonly (readonly Point<number>[])[] {
    return points.length === 0 ? [] : [points];
  }

  async open(line: FakeLine, io: DriverIo): Promise<Session<FakeDevice, number>> {
    this.opened.push(this.#clock.monotonic());
    if (this.opening === 'refused') throw transient('LineDown', 'nobody listens');
    if (this.opening === 'hangs') await new Promise(() => {});
    const session = new FakeSession(this, line.bus, io, this.#clock, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    return session;
  }

  /** On the wire from now until `wait` has passed. */
  async transfer<Result>(entry: Omit<WireEntry, 'began' | 'ended'>, wait: () => Promise<Result>): Promise<Result> {
    if (this.#talking.has(entry.bus)) this.overlaps++;
    this.#talking.add(entry.bus);
    const noted: WireEntry = { ...entry, began: this.#clock.monotonic() };
    this.wire.push(noted);
    try {
      return await wait();
    } finally {
      noted.ended = this.#clock.monotonic();
      this.#talking.delete(entry.bus);
    }
  }
}

class FakeSession implements Session<FakeDevice, number> {
  readonly #plant: FakePlant;
  readonly #bus: string;
  readonly #io: DriverIo;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  readonly #forget: () => void;

  constructor(plant: FakePlant, bus: string, io: DriverIo, clock: Clock, forget: () => void) {
    this.#plant = plant;
    this.#bus = bus;
    this.#io = io;
    this.#clock = clock;
    this.#forget = forget;
  }

  read({ unit }: FakeDevice, points: readonly Point<number>[], call: Call): Promise<readonly Reading[]> {
    const addresses = points.map(({ address }) => address);
    return this.#plant.transfer({ bus: this.#bus, unit, kind: 'read', addresses }, async () => {
      // The value is the one at the time of the request: the longer the answer takes, the older it is.
      const { registers } = this.#plant.unit(unit);
      const readings = addresses.map((address): Reading => ({ raw: registers.get(address) ?? 0, quality: 'good' }));
      await this.#answer(unit, addresses, call.timeout);
      return readings;
    });
  }

  write({ unit }: FakeDevice, { address }: Point<number>, raw: Raw, call: Call): Promise<void> {
    const entry = { bus: this.#bus, unit, kind: 'write', addresses: [address], value: Number(raw) } as const;
    return this.#plant.transfer(entry, async () => {
      await this.#answer(unit, [address], call.timeout);
      const { registers, hold } = this.#plant.unit(unit);
      registers.set(address, hold(Number(raw)));
    });
  }

  async close(): Promise<void> {
    this.#ended.abort(transient('LineLost', 'closed on our side'));
    this.#forget();
  }

  break(): void {
    const error = transient('LineLost', 'the cable was pulled');
    this.#ended.abort(error);
    this.#forget();
    this.#io.lost(error);
  }

  async #answer(id: number, addresses: readonly number[], timeout: Duration): Promise<void> {
    if (this.#plant.opening === 'drops') this.break();
    const unit = this.#plant.unit(id);
    const isLate = unit.isSilent || unit.latency > timeout;
    await sleep(this.#clock, isLate ? timeout : millis(unit.latency), this.#ended.signal);
    if (isLate) throw transient('Timeout', `unit ${id} gave no answer within ${timeout} ms`);
    if (unit.isBusy) throw transient('Busy', `unit ${id} is busy`);
    const refused = addresses.find((address) => unit.refused.has(address));
    if (refused !== undefined) throw rejected('IllegalDataAddress', `unit ${id} has nothing at ${refused}`);
  }
}
