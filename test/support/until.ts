import { setTimeout as sleep } from 'node:timers/promises';

/** Asks `check` every 50 ms. @throws Error naming `what` when it does not hold within `limitMs` */
export async function until(limitMs: number, what: string, check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(50);
  }
}
