import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Holds `path` against every other simulator on this machine until the returned function is called. The hold is a socket
 * in Linux's abstract namespace: the kernel gives it to one process only and takes it back when that one dies, however it
 * dies. A lock file would stay behind, and the number in a stale link to /dev/pts may be somebody else's terminal by now.
 */
export async function holdPath(path: string): Promise<() => Promise<void>> {
  // The folder may be reached by several names; the link itself need not exist.
  const real = join(realpathSync(dirname(resolve(path))), basename(path));
  // A socket's name has at most 107 bytes; a path may be longer.
  const name = `\0selvedge-hil-sim-${createHash('sha256').update(real).digest('hex')}`;
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((held, refused) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      refused(
        error.code === 'EADDRINUSE'
          ? new Error('another running simulator serves it; stop that one, or choose another path')
          : error,
      ),
    );
    server.listen(name, held);
  });
  server.unref();
  return () => new Promise((released) => server.close(() => released()));
}
