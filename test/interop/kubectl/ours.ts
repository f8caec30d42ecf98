import type { Target } from './run-scenario.ts';

/** The project's own API server, fresh, in a process of its own. */
export async function startOurs(): Promise<Target & { stop(): Promise<void> }> {
  throw new Error('not there yet');
}
