import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@selvedge/base/clock';
import { formatAge, millis } from '@selvedge/base/duration';
import { configError, describeError } from '@selvedge/base/errors';
import type { GatewayStatus } from '@selvedge/contract/gateway-api';
import type { Command } from 'commander';
import { KubeClient } from '../kube/client.ts';
import { readJoinToken } from '../kube/join-token.ts';
import { readKubeconfig } from '../kube/kubeconfig.ts';
import { kubePaths } from '../kube/paths.ts';
import { findKubeconfig, gatewayFolder, type Whom } from '../source/find.ts';
import { GatewaySource } from '../source/gateway-source.ts';
import { isAlive, readRecords } from '../up/record.ts';
import { table } from '../view/table.ts';

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
    .option('--dir <directory>', 'state directory', '.selvedge')
    .action(async (given: { dir: string }) => {
      if (!existsSync(given.dir)) {
        throw configError(
          'NothingRuns',
          `Cannot show status: there is no "${given.dir}"; name the state directory with --dir`,
        );
      }
      const wrong: string[] = [];
      print(processes(given.dir, clock.now(), wrong));
      print('');
      for (const line of await gatewayLines(given.dir, clock.now(), wrong)) print(line);
      for (const line of await clusterLines(given, wrong)) print(line);
      print('');
      print(wrong.length === 0 ? 'nothing is wrong' : `wrong:\n${wrong.map((line) => `  ${line}`).join('\n')}`);
      if (wrong.length > 0) process.exitCode = 1;
    });
  program
    .command('token')
    .description('print the token with which another gateway joins')
    .option('--dir <directory>', 'state directory', '.selvedge')
    .option('--kubeconfig <file>', 'ask this cluster (default: $KUBECONFIG, then the one of --dir)')
    .action(async (given: Whom) => {
      const kubeconfig = findKubeconfig(given, process.env.KUBECONFIG);
      if (kubeconfig === undefined)
        throw configError('NothingRuns', `Cannot read the token: no cluster is known; name it with --kubeconfig`);
      const token = await readJoinToken(new KubeClient(readKubeconfig(kubeconfig)));
      if (token === undefined)
        throw configError(
          'NoToken',
          'Cannot read the token: Secret kubeedge/tokensecret is not there; does a cloud run?',
        );
      print(token);
    });
}

function processes(directory: string, now: number, wrong: string[]): string {
  const records = readRecords(join(directory, 'run'));
  if (records.length === 0) wrong.push('no process runs; start with `selvedge up`');
  const rows = records.map((record) => {
    const alive = isAlive(record);
    const state = alive ? record.state : record.state === 'Running' ? 'Terminated' : record.state;
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

async function gatewayLines(directory: string, now: number, wrong: string[]): Promise<string[]> {
  let status: GatewayStatus;
  try {
    status = await new GatewaySource(gatewayFolder(directory)).status();
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
    const { items } = (await client.get(kubePaths.nodes)) as {
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
