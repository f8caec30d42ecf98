import { type Clock, sleep } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { commandOf } from './port-owner.ts';
import { groupMembers, signal } from './proc.ts';
import { isAlive, type ProcessRecord } from './record.ts';

/**
 * Ends what an earlier start left behind: it was killed, and the process hung, or is still on its way out. Only processes of
 * that record are touched: the very process (by its start time), or members of its group that run from our folder.
 *
 * @param root  folder that our programs lie in
 * @returns the pids that had to be ended
 */
export async function endStale(record: ProcessRecord, root: string, clock: Clock): Promise<number[]> {
  const pids = stalePids(record, root);
  if (pids.length === 0) return [];
  for (const pid of pids) signal(pid, 'SIGTERM');
  for (let waited = 0; waited < 5_000; waited += 50) {
    if (stalePids(record, root).length === 0) return pids;
    await sleep(clock, millis(50));
  }
  for (const pid of stalePids(record, root)) signal(pid, 'SIGKILL');
  return pids;
}

function stalePids(record: ProcessRecord, root: string): number[] {
  if (record.pid === undefined) return [];
  const group = groupMembers(record.pid);
  if (isAlive(record)) return group;
  // The leader is gone. Linux gives its number to nobody while the group lives, but the group may have died and the number
  // gone to a stranger since.
  return group.filter((pid) => pid !== record.pid && commandOf(pid).includes(root));
}
