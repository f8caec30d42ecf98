import { RealClock } from '@selvedge/base/clock';
import { silentLogger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import { type ResolvedDevice, resolve } from '@selvedge/contract/resolve';
import type { PropertyType } from '@selvedge/contract/value';
import { Mapper } from '@selvedge/mapper-kit/mapper';
import { BusRecorder } from '@selvedge/mapper-kit/testing/bus-recorder';
import { modbusDriver } from '../driver.ts';

export interface ModbusDevice {
  readonly name: string;
  readonly generation?: number;
  readonly createdAt?: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly points: Readonly<Record<string, { readonly type: PropertyType; readonly visitor: Record<string, unknown> }>>;
}

/** The Modbus mapper on a recorded bus, in real time. */
export class ModbusBed {
  readonly bus = new BusRecorder();
  readonly mapper = new Mapper({
    driver: modbusDriver,
    bus: this.bus,
    clock: new RealClock(),
    random: seededRandom(1),
    log: silentLogger,
    dataDir: '/nowhere',
  });
  readonly #generations = new Map<string, number>();

  /** As the gateway would: joined with a model of the same properties. Everything is read every 50 ms. */
  configure(device: ModbusDevice): void {
    this.mapper.configure({ namespace: 'default', name: device.name }, resolvedDevice(device));
  }

  /** Each call is a new revision. */
  desire(name: string, property: string, value: string, uid = `uid-${name}`): void {
    const generation = (this.#generations.get(name) ?? 0) + 1;
    this.#generations.set(name, generation);
    const entry = { value, origin: 'spec' as const, revision: { uid, generation, local: 0 } };
    this.mapper.desire({ namespace: 'default', name }, { uid, properties: { [property]: entry } });
  }

  /** The newest value of a property. */
  value(name: string, property: string): string | undefined {
    return this.bus.samples(name, property).at(-1)?.value;
  }
}

function resolvedDevice({ name, generation = 1, createdAt = 1, config, points }: ModbusDevice): ResolvedDevice {
  const names = Object.entries(points);
  const resolution = resolve(
    {
      apiVersion: 'devices.kubeedge.io/v1beta1',
      kind: 'DeviceModel',
      metadata: { name: 'model', namespace: 'default' },
      spec: { protocol: 'modbus', properties: names.map(([property, { type }]) => ({ name: property, type })) },
    },
    {
      apiVersion: 'devices.kubeedge.io/v1beta1',
      kind: 'Device',
      metadata: {
        ...{ name, namespace: 'default', uid: `uid-${name}`, generation },
        creationTimestamp: new Date(createdAt).toISOString(),
      },
      spec: {
        deviceModelRef: { name: 'model' },
        protocol: { protocolName: 'modbus', configData: { ...config } },
        properties: names.map(([property, { visitor }]) => ({
          name: property,
          collectCycle: 50,
          visitors: { protocolName: 'modbus', configData: visitor },
        })),
      },
    },
  );
  if (!resolution.ok) throw new Error(resolution.message);
  return resolution.device;
}

/** Waits for something to become so. @throws Error naming `what` after 15 s */
export async function until<Result>(what: string, check: () => Result | undefined | false): Promise<Result> {
  const end = Date.now() + 15_000;
  for (;;) {
    const result = check();
    if (result !== undefined && result !== false) return result;
    if (Date.now() > end) throw new Error(`not within 15 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
