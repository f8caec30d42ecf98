import { createServer } from 'node:net';

/** A port such that it and the fifteen after it are free just now: what `--ports` takes. */
export async function freeBase(): Promise<number> {
  for (let base = 20_000 + Math.floor(Math.random() * 10_000); ; base += 16) {
    const free = await Promise.all(Array.from({ length: 16 }, (_, offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

/** Whether nobody listens on the port, on any address. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
