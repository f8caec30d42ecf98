import { readdirSync, readFileSync } from 'node:fs';

/** What /proc tells about a process (proc(5), /proc/PID/stat). */
export interface ProcessInfo {
  readonly pid: number;
  readonly state: string;
  readonly group: number;
  /** Clock ticks from the start of the machine to the start of the process; with the pid it names a process for good. */
  readonly startTicks: number;
}

/** A process that runs; undefined when there is none, or only its unreaped entry (a zombie) is left. */
export function processInfo(pid: number): ProcessInfo | undefined {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const info = text === undefined ? undefined : parseStat(text);
  return info?.state === 'Z' || info?.state === 'X' ? undefined : info;
}

/** The name in parentheses may hold spaces and parentheses itself, so what follows is counted from the last one. */
export function parseStat(text: string): ProcessInfo | undefined {
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const pid = Number.parseInt(text, 10);
  const [state = '', , group] = fields;
  const startTicks = Number(fields[19]);
  if (end < 0 || !Number.isInteger(pid) || !Number.isFinite(startTicks)) return undefined;
  return { pid, state, group: Number(group), startTicks };
}

/** Pids of the living members of a process group. */
export function groupMembers(group: number): number[] {
  const pids = (attempt(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => processInfo(pid)?.group === group);
}

/** Sends a signal to a process, or with a negative pid to a group. False when there is none. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
