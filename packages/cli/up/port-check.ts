import { createServer } from 'node:net';
import { configError } from '@selvedge/base/errors';
import { briefCommand, type PortOwner, portOwner } from './port-owner.ts';

export interface WantedPort {
  /** What it is for, for people. */
  readonly use: string;
  readonly port: number;
}

/**
 * Makes sure that nobody listens on these ports.
 * @param advice  what to do about it, the end of the error's sentence
 * @throws configError `PortTaken`, naming each port that is taken, and by whom where that can be found out
 */
export async function checkPortsFree(wanted: readonly WantedPort[], advice: string): Promise<void> {
  const taken: string[] = [];
  for (const { use, port } of wanted) {
    const problem = await listenProblem(port);
    if (problem === 'EADDRINUSE') taken.push(`port ${port} (${use}) is taken by ${describeOwner(portOwner(port))}`);
    else if (problem !== undefined) taken.push(`port ${port} (${use}) cannot be listened on (${problem})`);
  }
  if (taken.length > 0) throw configError('PortTaken', `Cannot start: ${taken.join(', ')}; ${advice}`);
}

export const describeOwner = (owner: PortOwner | undefined): string =>
  owner === undefined ? 'a process of another user' : `pid ${owner.pid} (${briefCommand(owner.command)})`;

/** The error code of an attempt to listen on all addresses; a listener on any single one is in the way of that too. */
function listenProblem(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
