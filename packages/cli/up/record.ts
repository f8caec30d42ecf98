import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { processStates } from '@selvedge/contract/gateway-api';
import { processInfo } from './proc.ts';
import { writeWhole } from './write-whole.ts';

/** `run/<name>.json`: what `selvedge status` shows, and what the next start looks for after a crash. */
export interface ProcessRecord {
  readonly name: string;
  readonly state: (typeof processStates)[number];
  /** Why it is in this state, when that needs saying. */
  readonly reason?: string;
  /** Since when it is in this state, ms since the epoch. */
  readonly since: number;
  readonly restarts: number;
  /** Also the id of its process group. */
  readonly pid?: number;
  readonly startTicks?: number;
  /** A path that its command line holds. */
  readonly program: string;
}

export const writeRecord = (folder: string, record: ProcessRecord): void =>
  writeWhole(join(folder, `${record.name}.json`), `${JSON.stringify(record)}\n`);

export const removeRecord = (folder: string, name: string): void =>
  rmSync(join(folder, `${name}.json`), { force: true });

/** All records of a directory. One that cannot be read (a machine that lost power) is passed over. */
export function readRecords(folder: string): ProcessRecord[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  return names.sort().flatMap((name) => {
    try {
      const record = JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProcessRecord;
      return typeof record.name === 'string' && typeof record.program === 'string' ? [record] : [];
    } catch {
      return [];
    }
  });
}

/** Whether the very process of the record lives, not another that got its number. */
export const isAlive = (record: ProcessRecord): boolean =>
  record.pid !== undefined && processInfo(record.pid)?.startTicks === record.startTicks;
