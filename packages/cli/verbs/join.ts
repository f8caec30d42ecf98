import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Clock } from '@selvedge/base/clock';
import { configError } from '@selvedge/base/errors';
import { parseToken } from '@selvedge/contract/enrolment';
import { isObjectName } from '@selvedge/contract/names';
import type { Command } from 'commander';
import type { Layout } from '../layout.ts';
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

async function join(given: Given, deps: Deps): Promise<void> {
  const home = new Home(given.dir);
  const mark = home.open('join');
  const remembered = (mark.settings ?? {}) as { cloud?: string; node?: string; mqttPort?: number };
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
  else if (mark.settings === undefined)
    throw configError('Usage', 'Cannot join: --token is missing; print one with `selvedge token` at the cloud');
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
    home.write({ ...mark, settings: { cloud, node, mqttPort } });
    deps.print(
      `gateway ${node} runs, with its state in ${resolve(given.dir)}; see \`selvedge status --dir ${given.dir}\`. Ctrl-C stops it.`,
    );
    await stop.asked;
    deps.say('stopping');
  } finally {
    await crew.stop(['gateway']);
    stop.dispose();
    lock.release();
  }
  deps.say('stopped');
}
