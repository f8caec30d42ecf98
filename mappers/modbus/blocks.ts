import type { Point } from '@selvedge/mapper-kit/driver';
import type { ModbusAddress } from './point.ts';

/** Most bits that one read may ask for (Application Protocol 1.1b3, 6.1 and 6.2). */
const maxBits = 2_000;

export interface BlockLimits {
  /** Registers per request, 1 to 125 (6.3, 6.4). */
  readonly maxRegisters: number;
  /** Unused registers, or sixteen times as many bits, worth reading to save a request. */
  readonly maxGap: number;
}

/**
 * Splits points into few read requests: points of one table whose addresses lie near each other share one.
 * Pure: the same points in any order give the same blocks. Never splits a value over two requests; a point that alone is wider than
 * the limit stays alone, and the device says what it thinks of it.
 */
export function planBlocks(points: readonly Point<ModbusAddress>[], limits: BlockLimits): Point<ModbusAddress>[][] {
  const blocks: Point<ModbusAddress>[][] = [];
  const sorted = [...points].sort((a, b) => compare(a.address, b.address) || (a.name < b.name ? -1 : 1));
  let current: Point<ModbusAddress>[] = [];
  let first: ModbusAddress | undefined;
  let end = 0;
  for (const point of sorted) {
    const { table, start, count } = point.address;
    const isBit = point.address.layout === undefined;
    const [most, gap] = isBit ? [maxBits, limits.maxGap * 16] : [limits.maxRegisters, limits.maxGap];
    const nextEnd = Math.max(end, start + count);
    const fits = first !== undefined && first.table === table && start - end <= gap && nextEnd - first.start <= most;
    if (fits) {
      current.push(point);
      end = nextEnd;
    } else {
      current = [point];
      blocks.push(current);
      first = point.address;
      end = start + count;
    }
  }
  return blocks;
}

const compare = (a: ModbusAddress, b: ModbusAddress): number =>
  a.table === b.table ? a.start - b.start || a.count - b.count : a.table < b.table ? -1 : 1;

/** The addresses that a block spans. */
export function spanOf(points: readonly Point<ModbusAddress>[]): { start: number; count: number } {
  const start = Math.min(...points.map(({ address }) => address.start));
  return { start, count: Math.max(...points.map(({ address }) => address.start + address.count)) - start };
}
