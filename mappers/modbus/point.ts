import { configError } from '@selvedge/base/errors';
import type { PropertyType } from '@selvedge/contract/value';
import type { Point, PointSource } from '@selvedge/mapper-kit/driver';
import { type ConcreteType, type Layout, rawKindOf, widthOf } from './registers.ts';
import type { DataType, RegisterTable } from './schema.ts';

/** Where a value lies: `count` bits or registers from `start`. `layout` is absent for a bit. */
export interface ModbusAddress {
  readonly table: RegisterTable;
  readonly start: number;
  readonly count: number;
  readonly layout?: Layout;
}

/**
 * A property as a point, from its normalised visitor.
 * @throws configError `InvalidConfig`: the settings do not fit each other
 */
export function modbusPoint(source: PointSource<unknown>): Point<ModbusAddress> {
  const { name, type, visitor } = source;
  const table = visitor.register as RegisterTable;
  const start = visitor.offset as number;
  const limit = visitor.limit as number | undefined;
  const isBit = table === 'CoilRegister' || table === 'DiscreteInputRegister';
  const dataType = concreteType(type, visitor.dataType as DataType, limit, isBit);
  const count = countOf(dataType, limit, isBit);
  if (start + count > 65_536) {
    const last = start + count - 1;
    const extent = `${table} ${start} with ${count} registers ends at ${last}, and the last address is 65535`;
    throw invalid(`${extent}; correct offset, limit or dataType`);
  }
  const writable = table === 'CoilRegister' || table === 'HoldingRegister';
  const readOnly = writable
    ? {}
    : { readOnly: `${table} cannot be written on Modbus; use a coil or a holding register` };
  const scale = (visitor.scale as number | undefined) || 1;
  const offset = (visitor.valueOffset as number | undefined) ?? 0;
  if (isBit) return { name, address: { table, start, count }, raw: { kind: 'bit' }, scale: 1, offset: 0, ...readOnly };
  const layout: Layout = {
    type: dataType === 'bool' ? 'uint16' : dataType,
    count,
    wordSwap: visitor.isRegisterSwap === true,
    byteSwap: visitor.isSwap === true,
  };
  const raw = dataType === 'bool' ? ({ kind: 'bit' } as const) : rawKindOf(layout);
  return { name, address: { table, start, count, layout }, raw, scale, offset, ...readOnly };
}

/**
 * `auto` resolved as KubeEdge's mappers do it: whole numbers are unsigned of as many registers as `limit` says; a FLOAT of two
 * registers and a DOUBLE of four are IEEE 754, of fewer they are a scaled unsigned number.
 */
function concreteType(type: PropertyType, given: DataType, limit: number | undefined, isBit: boolean): ConcreteType {
  if (isBit) {
    if (given !== 'auto' && given !== 'bool')
      throw invalid(`dataType ${given} does not fit a coil or discrete input; use bool`);
    return 'bool';
  }
  if (given !== 'auto') return given;
  const registers = limit ?? 1;
  switch (type) {
    case 'BOOLEAN':
      return 'bool';
    case 'STRING':
    case 'STREAM':
      return 'string';
    case 'BYTES':
      return 'bytes';
    case 'FLOAT':
      return registers === 2 ? 'float32' : registers === 4 ? 'float64' : unsigned(registers);
    case 'DOUBLE':
      return registers === 4 ? 'float64' : registers === 2 ? 'float32' : unsigned(registers);
    case 'INT':
      return unsigned(registers);
  }
}

function unsigned(registers: number): ConcreteType {
  if (registers === 1) return 'uint16';
  if (registers === 2) return 'uint32';
  if (registers === 4) return 'uint64';
  throw invalid(`limit ${registers} does not fit a number; numbers take 1, 2 or 4 registers`);
}

function countOf(type: ConcreteType, limit: number | undefined, isBit: boolean): number {
  if (isBit) {
    if (limit !== undefined && limit !== 1)
      throw invalid(`limit ${limit} does not fit a coil or discrete input; a value is 1 bit`);
    return 1;
  }
  const width = widthOf(type);
  if (width === undefined) return limit ?? 1;
  if (limit !== undefined && limit !== width) {
    throw invalid(`limit ${limit} does not fit dataType ${type}, which takes ${width}; correct one of them`);
  }
  return width;
}

const invalid = (message: string) => configError('InvalidConfig', message);
