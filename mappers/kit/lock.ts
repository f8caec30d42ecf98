import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError, FieldError, transient } from '@selvedge/base/errors';

/** Never two masters on one line: holds the directory of one mapper, by a file with our pid. */
export interface Lock {
  release(): void;
}

/**
 * Takes `lock` in the mapper's directory, which a gateway that starts anew finds us by. A file that a killed mapper left behind does
 * not count; one whose process still runs the same program does.
 * @param program  the file that this process runs, as argv has it
 * @throws transient `LockHeld`, configError `LockUnusable`
 */
export function takeLock(dataDir: string, pid: number, program: string): Lock {
  const path = join(dataDir, 'lock');
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const isAlive = (holder: number) => holder !== pid && runs(holder, program);
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder)) throw heldBy(path, holder);
    if (holder !== undefined) removeStale(path, pid, isAlive);
    // `wx`: of two that come at the same moment one fails here.
    writeFileSync(path, `${pid}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (error instanceof FieldError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw held(path, 'another mapper has just taken it');
    throw configError('LockUnusable', `Cannot take "${path}"`, error);
  }
  return {
    release: () => {
      // Somebody else's by now, if we were taken for dead.
      if (readHolder(path) === pid) rmSync(path, { force: true });
    },
  };
}

/**
 * Removes what a dead process left. It is moved aside and looked at there: between a look and a removal another mapper could
 * have put its own lock in the place.
 */
function removeStale(path: string, pid: number, isAlive: (holder: number) => boolean): void {
  const aside = `${path}.${pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    // Whoever came with us has moved it; which of us is first to write ours is decided next.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const holder = readHolder(aside);
    if (holder === undefined || !isAlive(holder)) return;
    linkSync(aside, path);
    throw heldBy(path, holder);
  } finally {
    rmSync(aside, { force: true });
  }
}

const held = (path: string, reason: string): FieldError => transient('LockHeld', `Cannot take "${path}": ${reason}`);

const heldBy = (path: string, holder: number): FieldError =>
  held(path, `process ${holder} serves these lines; stop it first`);

/** The pid in a lock file; undefined without one. What is no pid counts as 0, which is nobody's. */
function readHolder(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(text.trim());
  return Number.isInteger(pid) && pid > 1 ? pid : 0;
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
