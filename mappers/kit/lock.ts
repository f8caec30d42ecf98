import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError, FieldError, transient } from '@selvedge/base/errors';

/** A take-over takes microseconds; one that is older than this was killed in the middle. */
const claimLimitMs = 10_000;

/** Never two masters on one line: holds the directory of one mapper, by a file with our pid. */
export interface Lock {
  release(): void;
}

export interface LockOptions {
  readonly dataDir: string;
  readonly pid: number;
  /** The file that this process runs, as argv has it. */
  readonly program: string;
  /** Wall clock, ms. */
  readonly now: number;
}

/**
 * Takes `lock` in the mapper's directory, which a gateway that starts anew finds us by. A file that a killed mapper left behind does
 * not count; one whose process still runs the same program does.
 * @throws transient `LockHeld`, configError `LockUnusable`
 */
export function takeLock({ dataDir, pid, program, now }: LockOptions): Lock {
  const path = join(dataDir, 'lock');
  const isAlive = (holder: number) => holder !== pid && runs(holder, program);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const holder = readHolder(path);
    if (holder === undefined) create(path, pid);
    else if (isAlive(holder)) throw heldBy(path, holder);
    else takeOver({ path, pid, now, isAlive });
  } catch (error) {
    if (error instanceof FieldError) throw error;
    throw configError('LockUnusable', `Cannot take "${path}"`, error);
  }
  return {
    release: () => {
      // Somebody else's by now, if we were taken for dead.
      if (readHolder(path) === pid) rmSync(path, { force: true });
    },
  };
}

/** Replaces what a dead process left; one at a time, or one could remove what another has just put there. */
function takeOver({
  path,
  pid,
  now,
  isAlive,
}: {
  path: string;
  pid: number;
  now: number;
  isAlive: (holder: number) => boolean;
}): void {
  const claim = `${path}.takeover`;
  const claimed = statSync(claim, { throwIfNoEntry: false });
  if (claimed && now - claimed.mtimeMs > claimLimitMs) rmdirSync(claim);
  unlessThere(path, () => mkdirSync(claim));
  try {
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder)) throw heldBy(path, holder);
    rmSync(path, { force: true });
    create(path, pid);
  } finally {
    rmdirSync(claim);
  }
}

/** Of two that come at the same moment one fails here. */
const create = (path: string, pid: number): void =>
  unlessThere(path, () => writeFileSync(path, `${pid}\n`, { mode: 0o600, flag: 'wx' }));

function unlessThere(path: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw held(path, 'another mapper is just taking it');
    throw error;
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
