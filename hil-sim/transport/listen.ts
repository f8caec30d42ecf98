import type { Server } from 'node:net';
import { configError, FieldError } from '@selvedge/base/errors';
import { formatAddress, type ServerAddress } from './address.ts';

/**
 * Makes `server` listen, and resolves with where: port 0 has become the port that was free.
 * @throws FieldError `AddressInUse` (transient: its owner may go away), `CannotListen` (config)
 */
export function listen(server: Server, address: ServerAddress): Promise<ServerAddress> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(listenError(address, error));
    server.once('error', onError);
    const options = address.scheme === 'tcp' ? { host: address.host, port: address.port } : { path: address.path };
    server.listen(options, () => {
      server.off('error', onError);
      const bound = server.address();
      resolve(
        address.scheme === 'tcp' && typeof bound === 'object' && bound !== null
          ? { ...address, port: bound.port }
          : address,
      );
    });
  });
}

function listenError(address: ServerAddress, error: NodeJS.ErrnoException): FieldError {
  const where = `Cannot listen on "${formatAddress(address)}"`;
  if (error.code === 'EADDRINUSE') {
    const text = `${where}: another program listens there; stop it, or choose another port with --port-base`;
    return new FieldError(text, { code: 'AddressInUse', kind: 'transient', cause: error });
  }
  return configError('CannotListen', where, error);
}
