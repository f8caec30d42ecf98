import { readdirSync, readFileSync } from 'node:fs';

/** A process as it was when it was looked at. Its start time tells it from a later one with the same number. */
export interface FamilyMember {
  readonly pid: number;
  readonly startTicks: string;
  readonly command: string;
}

/** Processes that `pid` started, and those that they started in turn. */
export function descendantsOf(pid: number): FamilyMember[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => look(Number(name)) ?? []);
  const below = (parent: number): FamilyMember[] =>
    all
      .filter((candidate) => candidate.parent === parent)
      .flatMap(({ parent: _, ...member }) => [member, ...below(member.pid)]);
  return below(pid);
}

/** Whether the very process still runs; one that has ended and was not reaped yet does not. */
export const isAlive = (member: FamilyMember): boolean => look(member.pid)?.startTicks === member.startTicks;

/** proc(5), /proc/PID/stat: the name in parentheses may hold anything, so fields are counted from the last one. */
function look(pid: number): (FamilyMember & { parent: number }) | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), startTicks: rest[17] ?? '', command };
  } catch {
    return undefined; // Gone between the listing and the look.
  }
}
