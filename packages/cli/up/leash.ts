/**
 * Loaded before a program that `selvedge up` starts (`node --import`): ties its life to the one that started it. File
 * descriptor 3 is a pipe that only the parent holds open, so it ends even when the parent is killed with SIGKILL. Then the
 * program gets SIGTERM, as from a person, and if it hangs, its whole process group is killed.
 */
import { Socket } from 'node:net';

const leashFd = 3;
const graceMs = 8_000;

// Its own children inherit the variable and perhaps the node flags, never the descriptor.
if (process.env.SELVEDGE_LEASH === String(process.ppid)) {
  const leash = new Socket({ fd: leashFd, readable: true, writable: false });
  leash.on('end', letGo);
  leash.on('error', letGo);
  leash.resume();
  leash.unref();
}

function letGo(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), graceMs).unref();
}
