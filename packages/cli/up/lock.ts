import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { configError } from '@selvedge/base/errors';
import { processInfo } from './proc.ts';

export interface Lock {
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly startTicks: number;
}

/**
 * Takes a directory for this process alone. A lock whose process is gone is taken over, so a kill -9 needs no repair.
 * @throws configError `AlreadyRunning`, naming the pid that holds it
 */
export function takeLock(path: string, directory: string): Lock {
  const mine: Holder = { pid: process.pid, startTicks: processInfo(process.pid)?.startTicks ?? 0 };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (claim(draft, path)) return { release: () => release(path, mine) };
      const holder = lockHolder(path);
      if (holder !== undefined) {
        const reason = `pid ${holder.pid} runs from it already; stop that one (Ctrl-C, or kill ${holder.pid}), or name another directory with --dir`;
        throw configError('AlreadyRunning', `Cannot use directory "${directory}": ${reason}`);
      }
      rmSync(path, { force: true });
    }
    throw configError('AlreadyRunning', `Cannot use directory "${directory}": others are taking it at this moment`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The living process that holds the lock. */
export function lockHolder(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Holder;
    return processInfo(holder.pid)?.startTicks === holder.startTicks ? holder : undefined;
  } catch {
    // Absent, or half written by a machine that lost power: nobody holds it.
    return undefined;
  }
}

/** link(2) fails when the name exists, and what appears under it is whole at once. */
function claim(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function release(path: string, mine: Holder): void {
  if (lockHolder(path)?.pid === mine.pid) rmSync(path, { force: true });
}
