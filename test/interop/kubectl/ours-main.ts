/**
 * Our API server as a program: `ours-main.ts DIR [MAX_EVENTS]`. Prints one JSON line when it serves; stops when its input ends.
 */
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { createLogger } from '@selvedge/base/log';
import { createApiServer } from '@selvedge/kubeapi/server';

const [dir, maxEvents] = process.argv.slice(2);
if (dir === undefined) throw new Error('ours-main.ts: no directory given');
const server = await createApiServer({
  dir,
  host: '127.0.0.1',
  port: 0,
  clock: new RealClock(),
  ...(maxEvents === undefined ? {} : { maxEvents: Number(maxEvents) }),
  log: createLogger({ name: 'kubeapi', level: 'warn' }),
});
console.log(JSON.stringify({ url: server.url, kubeconfig: join(dir, 'kubeconfig') }));
process.stdin.on('end', () => server.stop().then(() => process.exit(0)));
process.stdin.resume();
