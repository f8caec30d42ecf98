import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until no other process of this machine holds the name, and holds it until the function returned is called or the
 * process ends, however it ends: an abstract socket is taken in one step and given back by the kernel, unlike a lock file.
 *
 * @param {string} name
 * @param {() => void} onWait  called once when somebody else has it
 * @returns {Promise<() => Promise<void>>}
 */
export async function holdName(name, onWait) {
  // A socket's name has room for 107 bytes only.
  const path = `\0selvedge-${createHash('sha256').update(name).digest('hex')}`;
  for (let waited = false; ; waited = true) {
    const server = createServer();
    try {
      await once(server.listen({ path }), 'listening');
      server.unref();
      return async () => {
        await once(server.close(), 'close');
      };
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
      if (!waited) onWait();
      await sleep(250);
    }
  }
}
