import { rejected } from '@selvedge/base/errors';
import {
  type BitTable,
  bitTables,
  type Device,
  isBit,
  type Point,
  type PointValue,
  type RegisterTable,
  registersOf,
  registerTables,
  type Table,
} from '../plant/plant.ts';
import { decodeValue, encodeValue } from './value-codec.ts';

interface Cells {
  readonly values: Uint16Array;
  /** 1 where a point lies. */
  readonly mapped: Uint8Array;
}

/**
 * The four tables of one device, as its processor holds them. Each table reaches from address 0 to its highest point;
 * both the wire and the physics read and write here, so either sees at once what the other did.
 */
export class DeviceMemory {
  readonly device: Device;
  readonly #tables: Readonly<Record<Table, Cells>>;

  constructor(device: Device) {
    this.device = device;
    const cells = (table: Table): Cells => {
      const points = device.points.filter((point) => point.table === table);
      const length = points.reduce((end, point) => Math.max(end, point.address + widthOf(point)), 0);
      const mapped = new Uint8Array(length);
      for (const point of points) mapped.fill(1, point.address, point.address + widthOf(point));
      return { values: new Uint16Array(length), mapped };
    };
    const [coils, discreteInputs, inputRegisters, holdingRegisters] = [...bitTables, ...registerTables].map(cells);
    if (!coils || !discreteInputs || !inputRegisters || !holdingRegisters) throw new Error('four tables');
    this.#tables = { coils, discreteInputs, inputRegisters, holdingRegisters };
    for (const point of device.points) this.set(point, point.initial);
  }

  /** What the point says now. */
  get(point: Point): PointValue {
    const { values } = this.#tables[point.table];
    if (isBit(point)) return values[point.address] === 1;
    return decodeValue(point, [...values.subarray(point.address, point.address + registersOf(point.type))]);
  }

  /** Makes the point say `value`; a number past its range is held at the end of it. */
  set(point: Point, value: PointValue): void {
    const { values } = this.#tables[point.table];
    if (isBit(point)) values[point.address] = Number(value) !== 0 ? 1 : 0;
    else values.set(encodeValue(point, value), point.address);
  }

  /**
   * Raw cells (0 or 1 each in the bit tables) of a request: a view, so writing it writes the device.
   * @throws rejected `IllegalDataAddress` when one of them is not there
   */
  cells(table: BitTable | RegisterTable, address: number, quantity: number): Uint16Array {
    const { values, mapped } = this.#tables[table];
    const end = address + quantity;
    if (end > values.length || (this.device.holes === 'refuse' && mapped.subarray(address, end).includes(0))) {
      throw rejected(
        'IllegalDataAddress',
        `Cannot access ${table} ${address} to ${end - 1} of "${this.device.name}": not all of them exist`,
      );
    }
    return values.subarray(address, end);
  }
}

const widthOf = (point: Point): number => (isBit(point) ? 1 : registersOf(point.type));
