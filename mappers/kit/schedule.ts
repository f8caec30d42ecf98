/** Something to be read again and again. */
export interface Task<Job> {
  readonly job: Job;
  /** ms between two readings. */
  readonly cycle: number;
}

interface Entry<Job> extends Task<Job> {
  readonly origin: number;
  due: number;
}

interface Member<Job> {
  entries: Entry<Job>[];
  /** Time this device has had the line, in ms, relative to the others: who had least goes first. */
  used: number;
}

/**
 * What is due next on one line. Each task keeps its own grid, `origin + n * cycle`, so that delays do not add up; a slot that
 * was missed is left out. Devices share the line fairly by the time they take, not by the number of their requests: one with
 * many or slow requests falls behind alone. No timers, no I/O; times are ms of one clock.
 */
export class Schedule<Job> {
  readonly #members = new Map<string, Member<Job>>();
  /** The `used` of whoever was last served: a device that comes back from a pause starts here, not with a credit. */
  #floor = 0;

  /** Replaces what is read from a device; the first reading is due at once. */
  set(device: string, tasks: readonly Task<Job>[], now: number): void {
    const used = Math.max(this.#members.get(device)?.used ?? 0, this.#floor);
    this.#members.set(device, { used, entries: tasks.map((task) => ({ ...task, origin: now, due: now })) });
  }

  /** Puts tasks in the place of one, on its grid and due now: a request that turned out too wide. */
  replace(device: string, job: Job, by: readonly Job[], now: number): void {
    const member = this.#members.get(device);
    const entry = member?.entries.find((candidate) => candidate.job === job);
    if (!member || !entry) return;
    const parts = by.map((part) => ({ ...entry, job: part, due: now }));
    member.entries = member.entries.flatMap((candidate) => (candidate === entry ? parts : [candidate]));
  }

  remove(device: string): void {
    this.#members.delete(device);
  }

  /** Makes everything of a device due now: it has just come back. */
  dueNow(device: string, now: number): void {
    for (const entry of this.#members.get(device)?.entries ?? []) entry.due = Math.min(entry.due, now);
  }

  /** Takes the next task that is due, of a device that `allowed` lets through. */
  take(now: number, allowed: (device: string) => boolean): { device: string; job: Job } | undefined {
    let best: { device: string; member: Member<Job>; entry: Entry<Job> } | undefined;
    for (const [device, member] of this.#members) {
      if (best !== undefined && Math.max(member.used, this.#floor) >= best.member.used) continue;
      const entry = earliest(member.entries);
      if (entry === undefined || entry.due > now || !allowed(device)) continue;
      member.used = Math.max(member.used, this.#floor);
      best = { device, member, entry };
    }
    if (best === undefined) return undefined;
    this.#floor = best.member.used;
    return this.#serve(best.device, best.entry, now);
  }

  /** Takes the task of one device that has waited longest, due or not: a probe. */
  takeOf(device: string, now: number): { device: string; job: Job } | undefined {
    const entry = earliest(this.#members.get(device)?.entries ?? []);
    return entry && this.#serve(device, entry, now);
  }

  /** Charges a device for the time it had the line. */
  charge(device: string, ms: number): void {
    const member = this.#members.get(device);
    if (member) member.used += ms;
  }

  /** When the next task of an allowed device falls due. */
  nextAt(allowed: (device: string) => boolean): number | undefined {
    let next: number | undefined;
    for (const [device, member] of this.#members) {
      const due = earliest(member.entries)?.due;
      if (due !== undefined && (next === undefined || due < next) && allowed(device)) next = due;
    }
    return next;
  }

  #serve(device: string, entry: Entry<Job>, now: number): { device: string; job: Job } {
    const slots = Math.floor((now - entry.origin) / entry.cycle) + 1;
    entry.due = entry.origin + slots * entry.cycle;
    return { device, job: entry.job };
  }
}

function earliest<Job>(entries: readonly Entry<Job>[]): Entry<Job> | undefined {
  let first: Entry<Job> | undefined;
  for (const entry of entries) if (first === undefined || entry.due < first.due) first = entry;
  return first;
}
