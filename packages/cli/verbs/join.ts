import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Clock, sleep } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { configError } from '@selvedge/base/errors';
import { parseToken } from '@selvedge/contract/enrolment';
import { joinRefusals } from '@selvedge/contract/gateway-api';
import { isObjectName } from '@selvedge/contract/names';
import type { Command } from 'commander';
import type { Layout } from '../layout.ts';
import { GatewaySource } from '../source/gateway-source.ts';
import { Crew } from '../up/crew.ts';
import { gatewayPlan } from '../up/gateway-plan.ts';
import { Home } from '../up/home.ts';
import { takeLock } from '../up/lock.ts';
import { checkPortsFree } from '../up/port-check.ts';
import { readRecords, removeRecord } from '../up/record.ts';
import { endStale } from '../up/stale.ts';
import { listenForStop } from '../up/stop-request.ts';
import { writeWhole } from '../up/write-whole.ts';

interface Deps {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly print: (text: string) => void;
  readonly say: (text: string) => void;
}

interface Given {
  readonly cloud?: string;
  readonly token?: string;
  readonly dir: string;
  readonly node?: string;
  readonly mqttPort?: string;
}

/** `join`: one more gateway on this box or another; a second call with the same directory needs no flags. */
export function addJoin(program: Command, deps: Deps): void {
  program
    .command('join')
    .description('enrol this box as a gateway of a cloud, and run it')
    .requiredOption('--dir <directory>', 'where the state of this gateway lives')
    .option('--cloud <host:port>', 'address of the CloudHub; enrolment is two ports above')
    .option('--token <token>', 'from `selvedge token`; needed the first time')
    .option('--node <name>', 'name of this gateway (default: the host name)')
    .option('--mqtt-port <port>', 'port of the local MQTT broker (default: 1883)')
    .action((given: Given) => join(given, deps));
}

/**
 * Waits until the cloud has taken the gateway. One that cannot be reached is waited for, and said so.
 * @throws configError with the gateway's code when the cloud refuses it: trying again would change nothing
 */
async function joined(gateway: GatewaySource, deps: Deps & { signal: AbortSignal }): Promise<void> {
  let said: string | undefined;
  while (!deps.signal.aborted) {
    // Not there: it is being started again.
    const status = await gateway.status().catch(() => undefined);
    const { connected = false, reason = '', code = '' } = status?.cloud ?? {};
    if (connected) return;
    if (joinRefusals.includes(code)) throw configError(code, reason);
    // The first tries have no word yet.
    if (code !== '' && reason !== said) deps.say(`not joined yet, trying again: ${reason}`);
    if (code !== '') said = reason;
    await sleep(deps.clock, millis(100), deps.signal).catch(() => {});
  }
}

async function join(given: Given, deps: Deps): Promise<void> {
  const home = new Home(given.dir);
  // Taken only when the flags make sense: a mistyped call leaves nothing behind.
  const before = home.mark();
  const remembered = (before?.settings ?? {}) as { cloud?: string; node?: string; mqttPort?: number };
  const cloud = given.cloud ?? remembered.cloud;
  if (cloud === undefined)
    throw configError('Usage', 'Cannot join: --cloud HOST:PORT is missing; name the CloudHub, such as 192.0.2.7:10000');
  if (!/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/.test(cloud))
    throw configError('Usage', `Cannot join "${cloud}": it must be HOST:PORT`);
  const node = given.node ?? remembered.node ?? hostname().toLowerCase();
  if (!isObjectName(node))
    throw configError('Usage', `Cannot join as "${node}": a node's name has a-z, 0-9, - and .; give one with --node`);
  const mqttPort = given.mqttPort === undefined ? (remembered.mqttPort ?? 1883) : Number(given.mqttPort);
  if (!Number.isInteger(mqttPort) || mqttPort < 1 || mqttPort > 65_535) {
    throw configError('Usage', `Cannot use --mqtt-port "${given.mqttPort}": it must be from 1 to 65535`);
  }
  if (given.token !== undefined) parseToken(given.token);
  else if (before?.settings === undefined)
    throw configError('Usage', 'Cannot join: --token is missing; print one with `selvedge token` at the cloud');
  const mark = home.open('join');
  const lock = takeLock(home.path('run', 'lock'), home.directory);
  const crew = new Crew({ home, clock: deps.clock, say: deps.say });
  const stop = listenForStop(() => crew.kill());
  try {
    for (const record of readRecords(home.path('run'))) {
      await endStale(record, deps.layout.root, deps.clock);
      removeRecord(home.path('run'), record.name);
    }
    await checkPortsFree([{ use: 'MQTT', port: mqttPort }], 'stop it, or choose another with --mqtt-port');
    const tokenFile = home.path('run', 'token');
    if (given.token !== undefined) writeWhole(tokenFile, given.token);
    const directory = home.path('gateway');
    const plan = gatewayPlan(deps.layout, { directory, node, cloud, mqttPort, tokenFile });
    const started = crew.start(plan);
    started.catch(() => {});
    await Promise.race([started, stop.asked]);
    // A token is given to join a cloud now: whether that went well is the answer.
    if (mark.settings === undefined || given.token !== undefined)
      await joined(new GatewaySource(directory), { ...deps, signal: stop.signal });
    if (!stop.signal.aborted) {
      home.write({ ...mark, settings: { cloud, node, mqttPort } });
      const place = `with its state in ${resolve(given.dir)}; see \`selvedge status --dir ${given.dir}\``;
      deps.print(`gateway ${node} runs, ${place}. Ctrl-C stops it.`);
    }
    await stop.asked;
    deps.say('stopping');
  } finally {
    await crew.stop(['gateway']);
    stop.dispose();
    lock.release();
  }
  deps.say('stopped');
}
