import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@selvedge/base/clock';
import { formatAge, millis } from '@selvedge/base/duration';
import { configError, describeError, transient } from '@selvedge/base/errors';
import type { GatewayStatus } from '@selvedge/contract/gateway-api';
import type { Command } from 'commander';
import { KubeClient } from '../kube/client.ts';
import { readJoinToken } from '../kube/join-token.ts';
import { readKubeconfig } from '../kube/kubeconfig.ts';
import { kubePaths } from '../kube/paths.ts';
import { findKubeconfig, gatewayFolder, type Whom } from '../source/find.ts';
import { GatewaySource } from '../source/gateway-source.ts';
import { defaultDirectory, Home } from '../up/home.ts';
import { isAlive, type ProcessRecord, readRecords } from '../up/record.ts';
import { table } from '../view/table.ts';

/** Longest wait for the gateway, and for the API server at the same time: a stopped one must not hold up the rest. */
const answerLimitMs = 3_000;

interface Talk {
  readonly print: (text: string) => void;
  readonly say: (text: string) => void;
  readonly clock: Clock;
}

/** `status`: what runs, since when, and what is wrong. `token`: what another gateway joins with. */
export function addStatus(program: Command, { print, clock }: Talk): void {
  program
    .command('status')
    .description('what runs, since when, and what is wrong')
    .option('--dir <directory>', 'state directory', defaultDirectory)
    .action(async (given: { dir: string }) => {
      if (!existsSync(given.dir)) {
        throw configError(
          'NothingRuns',
          `Cannot show status: there is no "${given.dir}"; name the state directory with --dir`,
        );
      }
      const wrong: string[] = [];
      for (const part of await report(given, clock.now(), wrong)) print(`${part}\n`);
      print(wrong.length === 0 ? 'nothing is wrong' : `wrong:\n${wrong.map((line) => `  ${line}`).join('\n')}`);
      if (wrong.length > 0) process.exitCode = 1;
    });
  program
    .command('token')
    .description('print the token with which another gateway joins')
    .option('--dir <directory>', 'state directory', defaultDirectory)
    .option('--kubeconfig <file>', 'ask this cluster (default: $KUBECONFIG, then the one of --dir)')
    .action(async (given: Whom) => {
      const kubeconfig = findKubeconfig(given, process.env.KUBECONFIG);
      if (kubeconfig === undefined)
        throw transient('NothingRuns', `Cannot read the token: no cluster is known; name it with --kubeconfig`);
      const token = await readJoinToken(new KubeClient(readKubeconfig(kubeconfig)));
      if (token === undefined)
        throw transient(
          'NoToken',
          'Cannot read the token: Secret kubeedge/tokensecret is not there; does a cloud run?',
        );
      print(token);
    });
}

/** What runs, in parts; adds to `wrong` what is. */
async function report(given: { dir: string }, now: number, wrong: string[]): Promise<string[]> {
  const records = readRecords(join(given.dir, 'run'));
  const gateway = gatewayFolder(given.dir);
  // A gateway that systemd runs has no record here; what was killed as a whole leaves its records and sockets behind.
  const isOver = records.length === 0 ? !existsSync(join(gateway, 'gateway.sock')) : records.every(hasEnded);
  if (isOver) {
    const verb = new Home(given.dir).mark()?.kind ?? 'up';
    wrong.push(`nothing runs from "${given.dir}"; start it with \`selvedge ${verb} --dir ${given.dir}\``);
    return [];
  }
  const running = records.length > 0 ? [processes(records, now, wrong)] : [];
  const fromGateway: string[] = [];
  const fromCluster: string[] = [];
  const lines = await Promise.all([gatewayLines(gateway, now, fromGateway), clusterLines(given, fromCluster)]);
  wrong.push(...fromGateway, ...fromCluster);
  const text = lines.flat().join('\n');
  return text === '' ? running : [...running, text];
}

/** Not so one that waits for its restart. */
const hasEnded = (record: ProcessRecord): boolean =>
  record.state === 'Terminated' || (record.state === 'Running' && !isAlive(record));

function processes(records: readonly ProcessRecord[], now: number, wrong: string[]): string {
  const rows = records.map((record) => {
    const alive = isAlive(record);
    const state = hasEnded(record) ? 'Terminated' : record.state;
    if (state !== 'Running') wrong.push(`${record.name} is ${state}${record.reason ? `: ${record.reason}` : ''}`);
    return [
      record.name,
      state,
      alive ? String(record.pid) : '',
      formatAge(millis(now - record.since)),
      String(record.restarts),
    ];
  });
  return table(['PROCESS', 'STATE', 'PID', 'SINCE', 'RESTARTS'], rows);
}

async function gatewayLines(folder: string, now: number, wrong: string[]): Promise<string[]> {
  let status: GatewayStatus;
  try {
    status = await new GatewaySource(folder).status(answerLimitMs);
  } catch (error) {
    wrong.push(describeError(error));
    return [];
  }
  const { cloud, bus, devices, mappers } = status;
  if (!cloud.connected) wrong.push(`gateway ${status.node} has no cloud: ${cloud.reason ?? 'not connected'}`);
  if (!bus.connected) wrong.push(`gateway ${status.node} has no bus: ${bus.reason ?? 'not connected'}`);
  for (const mapper of mappers) {
    if (mapper.state !== 'Running')
      wrong.push(`mapper ${mapper.id} is ${mapper.state}${mapper.reason ? `: ${mapper.reason}` : ''}`);
  }
  if (devices.ready < devices.total)
    wrong.push(
      `${devices.total - devices.ready} of ${devices.total} devices are not ready; see \`selvedge get devices -o wide\``,
    );
  const rows = mappers.map(({ id, state, pid, since, restarts }) => [
    id,
    state,
    String(pid ?? ''),
    formatAge(millis(now - since)),
    String(restarts),
  ]);
  return [
    `gateway ${status.node}: cloud ${cloud.address} ${cloud.connected ? 'connected' : 'not connected'} for ${formatAge(millis(now - cloud.since))}, bus ${bus.address}`,
    `  ${devices.ready} of ${devices.total} devices ready, ${status.unsentReports} with unsent reports`,
    table(['MAPPER', 'STATE', 'PID', 'SINCE', 'RESTARTS'], rows),
  ];
}

async function clusterLines(given: { dir: string }, wrong: string[]): Promise<string[]> {
  const kubeconfig = findKubeconfig(given, undefined);
  if (kubeconfig === undefined) return [];
  try {
    const client = new KubeClient(readKubeconfig(kubeconfig));
    const { items } = (await client.get(kubePaths.nodes, answerLimitMs)) as {
      items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }[];
    };
    const nodes = items.map(({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
      if (ready !== 'True') wrong.push(`node ${metadata.name} is not ready`);
      return `${metadata.name} ${ready === 'True' ? 'Ready' : 'NotReady'}`;
    });
    return [`API server ${client.access.server}: nodes ${nodes.join(', ') || 'none'}`];
  } catch (error) {
    wrong.push(describeError(error));
    return [];
  }
}
