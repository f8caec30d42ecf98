import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError, transient } from '@selvedge/base/errors';

/** Never two masters on one line: holds the directory of one mapper, by a file with our pid. */
export interface Lock {
  release(): void;
}

/**
 * Takes `lock` in the mapper's directory, which a gateway that starts anew finds us by. A file that a killed mapper left behind does
 * not count; one whose process still runs the same program does.
 * @throws transient `LockHeld`, configError `LockUnusable`
 */
export function takeLock(dataDir: string, pid: number, program: string): Lock {
  const path = join(dataDir, 'lock');
  const note = `${pid}\n`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const holder = holderOf(path);
    if (holder !== undefined && holder !== pid && runs(holder, program)) {
      throw transient('LockHeld', `Cannot take "${path}": process ${holder} serves these lines; stop it first`);
    }
    rmSync(path, { force: true });
    // `wx`: of two that come at the same moment one fails here.
    writeFileSync(path, note, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'LockHeld') throw error;
    throw configError('LockUnusable', `Cannot take "${path}"`, error);
  }
  return {
    release: () => {
      // Somebody else's by now, if we were taken for dead.
      if (holderOf(path) === pid) rmSync(path, { force: true });
    },
  };
}

function holderOf(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(text.trim());
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** Pids are used again: only a process that runs the same program counts. */
function runs(pid: number, program: string): boolean {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return argv.some((argument) => argument.includes('/') && folderAndFile(argument) === folderAndFile(program));
  } catch {
    // No such process.
    return false;
  }
}

/** A program is started by a relative path or an absolute one, from its source or as a bundle: `modbus/main` all the same. */
const folderAndFile = (path: string): string =>
  path
    .replace(/\.\w+$/, '')
    .split('/')
    .slice(-2)
    .join('/');
