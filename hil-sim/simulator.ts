import type { Clock, Timer } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import { ControlServer } from './control/server.ts';
import { RtuServer } from './modbus/rtu-server.ts';
import { ModbusTcpServer } from './modbus/tcp-server.ts';
import { type UnitDevice, Units } from './modbus/units.ts';
import type { Line, Plant } from './plant/plant.ts';
import { DeviceMemory } from './points/memory.ts';
import { assertRepresentable } from './points/value-codec.ts';
import type { SavedState, StateFile } from './state-file.ts';
import { formatAddress } from './transport/address.ts';
import { PtyPort } from './transport/pty.ts';
import { World } from './world/world.ts';

const saveEvery = seconds(3);

/** Where something listens, as `tcp:127.0.0.1:1502`. */
export interface Endpoint {
  readonly name: string;
  readonly address: string;
}

export interface SimulatorOptions {
  readonly plant: Plant;
  /** Replaces the plant's seed. */
  readonly seed?: number;
  /** Time on the wire: delays, gaps between frames. */
  readonly clock: Clock;
  /** Time in the plant's physics; may stand still. */
  readonly worldClock: Clock;
  readonly stateFile?: StateFile;
  readonly log: Logger;
}

/** A server on one line of the plant, or the control API. */
interface PlantServer {
  /** Resolves with the address others find it at. */
  start(): Promise<string>;
  stop(): Promise<void>;
}

/** One running plant: its devices, the physics that moves them, and the servers masters reach them by. */
export class Simulator {
  readonly #options: SimulatorOptions;
  readonly #world: World;
  readonly #servers: readonly { readonly name: string; readonly server: PlantServer }[];
  readonly devices: ReadonlyMap<string, UnitDevice>;
  #saving: Timer | undefined;
  #saveFailed = false;

  /** Restores the saved state. @throws configError `InvalidState` */
  constructor(options: SimulatorOptions) {
    this.#options = options;
    const { plant, worldClock } = options;
    this.devices = new Map(
      plant.devices.map((device) => {
        const { online, responseDelay } = device;
        return [device.name, { memory: new DeviceMemory(device), online, responseDelay }];
      }),
    );
    const saved = options.stateFile?.load();
    if (saved) this.#restore(saved);
    this.#world = new World({
      plant,
      memories: new Map([...this.devices].map(([name, { memory }]) => [name, memory])),
      clock: worldClock,
      random: seededRandom(options.seed ?? plant.seed),
      restored: new Map(Object.entries(saved?.signals ?? {})),
    });
    const lines = plant.lines.map((line) => ({ name: line.name, server: this.#lineServer(line) }));
    this.#servers = [...lines, ...this.#controlServer()];
  }

  /** Resolves when every line answers. When one cannot, those that could are closed again. @throws FieldError */
  async start(): Promise<Endpoint[]> {
    this.#world.start();
    const endpoints: Endpoint[] = [];
    try {
      for (const { name, server } of this.#servers) endpoints.push({ name, address: await server.start() });
    } catch (error) {
      await this.#stopServing();
      throw error;
    }
    if (this.#options.stateFile) this.#saveLater(this.#options.stateFile);
    return endpoints;
  }

  /** Closes all lines and saves the state. */
  async stop(): Promise<void> {
    await this.#stopServing();
    this.#saving?.cancel();
    this.#options.stateFile?.save(this.#snapshot());
  }

  async #stopServing(): Promise<void> {
    this.#world.stop();
    for (const { server } of this.#servers) await server.stop();
  }

  #lineServer(line: Line): PlantServer {
    const { clock } = this.#options;
    const { listen, unknownUnit, serial } = line;
    const log = this.#options.log.child({ line: line.name });
    const devices = [...this.devices.values()].filter((device) => device.memory.device.line === line.name);
    if (listen.scheme === 'tcp') {
      const units = new Units({ devices, transport: 'tcp', unknownUnit, log });
      const server = new ModbusTcpServer({ host: listen.host, port: listen.port, units, clock, log });
      return {
        start: async () => formatAddress({ ...listen, port: await server.start() }),
        stop: () => server.stop(),
      };
    }
    const units = new Units({ devices, transport: 'rtu', unknownUnit, log });
    const server = new RtuServer({ serial, units, clock, write: (bytes) => port.write(bytes) });
    const port = new PtyPort({
      path: listen.path,
      clock,
      onBytes: (bytes) => server.receive(bytes),
      onError: (error) => log.error('serial line lost', { error: describeError(error) }),
    });
    return {
      start: async () => {
        await port.open();
        return formatAddress(listen);
      },
      stop: async () => {
        server.stop();
        await port.close();
      },
    };
  }

  #controlServer(): { name: string; server: PlantServer }[] {
    const { plant, worldClock, log } = this.#options;
    if (plant.control === undefined) return [];
    const targets = { devices: this.devices, worldClock };
    const server = new ControlServer({ listen: plant.control, targets, log: log.child({ room: 'control' }) });
    return [{ name: 'control', server }];
  }

  #saveLater(file: StateFile): void {
    this.#saving = this.#options.clock.after('save plant state', saveEvery, () => {
      try {
        file.save(this.#snapshot());
        this.#saveFailed = false;
      } catch (error) {
        if (!this.#saveFailed) this.#options.log.warn('plant state not saved', { error: describeError(error) });
        this.#saveFailed = true;
      }
      this.#saveLater(file);
    });
  }

  /** Only what a master can write is kept by name; the rest the physics shows again. */
  #snapshot(): SavedState {
    const points: SavedState['points'] = {};
    for (const [name, { memory }] of this.devices) {
      for (const point of memory.device.points) {
        if (point.table !== 'coils' && point.table !== 'holdingRegisters') continue;
        const value = memory.get(point);
        // JSON has no NaN; a register that holds one begins again with its initial value.
        if (typeof value === 'boolean' || Number.isFinite(value)) points[`${name}.${point.name}`] = value;
      }
    }
    return { version: 1, points, signals: Object.fromEntries(this.#world.signals()) };
  }

  /** The plant file may have changed since: what no longer fits is passed over. */
  #restore(saved: SavedState): void {
    for (const [name, { memory }] of this.devices) {
      for (const point of memory.device.points) {
        const value = saved.points[`${name}.${point.name}`];
        if (value === undefined) continue;
        try {
          assertRepresentable(point, value);
          memory.set(point, value);
        } catch (error) {
          this.#options.log.warn('saved value passed over', { error: describeError(error) });
        }
      }
    }
  }
}
