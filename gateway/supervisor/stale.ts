import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, sleep } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import type { Logger } from '@selvedge/base/log';

/** Files in a mapper's directory that may hold its pid: the lock that it holds itself, and the supervisor's own note. */
export const pidFile = 'pid';
const pidFiles = ['lock', pidFile];

/**
 * Stops a mapper that an earlier gateway left behind, so that there are never two masters on one line: SIGTERM, after three
 * seconds SIGKILL. Only a process whose command line names this mapper is touched: pids are used again.
 */
export async function stopStale(options: { dataDir: string; entry: string; clock: Clock; log: Logger }): Promise<void> {
  const { dataDir, entry, clock, log } = options;
  for (const pid of new Set(pidFiles.map((file) => readPid(join(dataDir, file))))) {
    if (pid === undefined || !runs(pid, entry)) continue;
    log.warn('stopping a mapper that an earlier gateway left behind', { pid });
    signal(pid, 'SIGTERM');
    for (let waited = 0; waited < 3_000 && runs(pid, entry); waited += 20) await sleep(clock, millis(20));
    if (!runs(pid, entry)) continue;
    signal(pid, 'SIGKILL');
    for (let waited = 0; waited < 1_000 && runs(pid, entry); waited += 20) await sleep(clock, millis(20));
  }
}

/** The first whole number in the file, whatever stands around it. */
function readPid(path: string): number | undefined {
  try {
    const match = /\d{1,10}/.exec(readFileSync(path, 'utf8').slice(0, 1_024));
    const pid = Number(match?.[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    // No file: nobody was left behind.
    return undefined;
  }
}

/** Compared by the mapper's folder and file alone: the program may have been moved, or built, since. */
const nameOf = (path: string): string =>
  path
    .replace(/\.\w+$/, '')
    .split('/')
    .slice(-2)
    .join('/');

function runs(pid: number, entry: string): boolean {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return argv.some((argument) => argument.includes('/') && nameOf(argument) === nameOf(entry));
  } catch {
    // The process is gone.
    return false;
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It went by itself meanwhile.
  }
}
