import { millis } from '@selvedge/base/duration';
import { configError } from '@selvedge/base/errors';
import type { Call, Driver, Placement, Point, Raw, Reading, Session, Settings } from '@selvedge/mapper-kit/driver';
import { planBlocks, spanOf } from './blocks.ts';
import { ModbusClient } from './client.ts';
import type { LineSettings } from './line-settings.ts';
import { type ModbusAddress, modbusPoint } from './point.ts';
import { decodeRegisters, encodeRegisters } from './registers.ts';
import { modbusSchema } from './schema.ts';

export interface UnitSettings {
  readonly unitId: number;
  readonly maxRegisters: number;
  readonly maxGap: number;
}

/** Modbus TCP and RTU (Modbus Application Protocol 1.1b3; over serial line 1.02). */
export const modbusDriver: Driver<LineSettings, UnitSettings, ModbusAddress> = {
  protocol: 'modbus',
  schema: modbusSchema,
  split,
  point: modbusPoint,
  plan: planBlocks,
  open: async (line, io) => new ModbusSession(await ModbusClient.open(line, io.clock, io.lost)),
};

function split(config: Settings): Placement<LineSettings, UnitSettings> {
  const timeout = millis(config.timeout as number);
  const unitId = config.unitId as number;
  const device = { unitId, maxRegisters: config.maxRegisters as number, maxGap: config.maxGap as number };
  const mode = config.communicateMode ?? (config.ip !== undefined ? 'TCP' : 'RTU');
  if (mode === 'TCP') {
    const [host, port] = [config.ip as string | undefined, config.port as number];
    if (host === undefined) throw configError('InvalidConfig', 'communicateMode is TCP and ip is missing; add it');
    return { lineKey: `tcp:${host}:${port}`, line: { transport: 'tcp', host, port }, device, timeout };
  }
  const path = config.serialPort as string | undefined;
  if (path === undefined)
    throw configError('InvalidConfig', 'communicateMode is RTU and serialPort is missing; add it');
  // Over serial line 1.02, 2.2: 248 to 255 are reserved; 0 is broadcast, which nobody answers.
  if (unitId < 1 || unitId > 247) {
    throw configError('InvalidConfig', `unitId ${unitId} cannot be polled on a serial line; it must be from 1 to 247`);
  }
  const line: LineSettings = {
    transport: 'rtu',
    path,
    baudRate: config.baudRate as number,
    dataBits: config.dataBits as 7 | 8,
    parity: config.parity as 'none' | 'even' | 'odd',
    stopBits: config.stopBits as 1 | 2,
  };
  return { lineKey: `serial:${path}`, line, device, timeout };
}

class ModbusSession implements Session<UnitSettings, ModbusAddress> {
  readonly #client: ModbusClient;

  constructor(client: ModbusClient) {
    this.#client = client;
  }

  async read(device: UnitSettings, points: readonly Point<ModbusAddress>[], call: Call): Promise<Reading[]> {
    const [first] = points;
    if (!first) return [];
    const to = { unit: device.unitId, call };
    const { table, layout } = first.address;
    const { start, count } = spanOf(points);
    if (layout === undefined) {
      const bits = await this.#client.readBits(to, table, start, count);
      return points.map(({ address }) => reading(bits[address.start - start]));
    }
    const registers = await this.#client.readRegisters(to, table, start, count);
    return points.map((point) => {
      const from = point.address.start - start;
      const slice = registers.slice(from, from + point.address.count);
      if (!point.address.layout || slice.length < point.address.count) return reading(undefined);
      const raw = decodeRegisters(slice, point.address.layout);
      return reading(point.raw.kind === 'bit' ? raw !== 0 : raw);
    });
  }

  async write(device: UnitSettings, point: Point<ModbusAddress>, raw: Raw, call: Call): Promise<void> {
    const to = { unit: device.unitId, call };
    const { start, layout } = point.address;
    if (layout === undefined) return this.#client.writeBit(to, start, raw === true);
    const value = typeof raw === 'boolean' ? Number(raw) : raw;
    await this.#client.writeRegisters(to, start, encodeRegisters(value, layout));
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

const reading = (raw: Raw | undefined): Reading =>
  raw === undefined ? { quality: 'bad', reason: 'the answer of the device is too short' } : { raw, quality: 'good' };
