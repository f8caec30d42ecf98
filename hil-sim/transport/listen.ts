import { rmSync, statSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { configError, FieldError } from '@selvedge/base/errors';
import { formatAddress, type ServerAddress } from './address.ts';

/**
 * Makes `server` listen, and resolves with where: port 0 has become the port that was free. A unix socket that a killed process
 * left behind is replaced.
 * @throws FieldError `AddressInUse` (transient: its owner may go away), `CannotListen` (config)
 */
export async function listen(server: Server, address: ServerAddress): Promise<ServerAddress> {
  try {
    await bind(server, address);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isLeftOver = code === 'EADDRINUSE' && address.scheme === 'unix' && (await isDead(address.path));
    if (!isLeftOver) throw listenError(address, error as NodeJS.ErrnoException);
    rmSync(address.path, { force: true });
    await bind(server, address).catch((again: NodeJS.ErrnoException) => {
      throw listenError(address, again);
    });
  }
  const bound = server.address();
  return address.scheme === 'tcp' && typeof bound === 'object' && bound !== null
    ? { ...address, port: bound.port }
    : address;
}

function bind(server: Server, address: ServerAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const options = address.scheme === 'tcp' ? { host: address.host, port: address.port } : { path: address.path };
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Whether a socket lies there and nobody answers on it. */
function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    // Linux refuses a connection to a plain file in the same words.
    if (statSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return resolve(false);
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

function listenError(address: ServerAddress, error: NodeJS.ErrnoException): FieldError {
  const where = `Cannot listen on "${formatAddress(address)}"`;
  if (error.code === 'EADDRINUSE') {
    const remedy = address.scheme === 'tcp' ? 'choose another port with --port-base' : 'choose another path';
    const text = `${where}: another program listens there; stop it, or ${remedy}`;
    return new FieldError(text, { code: 'AddressInUse', kind: 'transient', cause: error });
  }
  return configError('CannotListen', where, error);
}
