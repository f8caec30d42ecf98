import { rmSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Clock, sleep } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import { configError, transient } from '@selvedge/base/errors';
import { KubeClient } from '../kube/client.ts';
import { readJoinToken } from '../kube/join-token.ts';
import { readKubeconfig } from '../kube/kubeconfig.ts';
import { defaultPlant, hasProgram, type Layout, type ProgramName, sampleFolder } from '../layout.ts';
import { upBanner } from './banner.ts';
import { type Asked, choose, remembered } from './choices.ts';
import { Crew, cloudFlags, nodeFlags } from './crew.ts';
import { gatewayPlan } from './gateway-plan.ts';
import { Home, type HomeMark } from './home.ts';
import { lockHolder, takeLock } from './lock.ts';
import { checkPortsFree } from './port-check.ts';
import type { Ports } from './ports.ts';
import type { ProcessPlan } from './process.ts';
import { readRecords, removeRecord } from './record.ts';
import { applySamples } from './samples.ts';
import { endStale } from './stale.ts';
import { listenForStop } from './stop-request.ts';
import { writeWhole } from './write-whole.ts';

export interface UpOptions extends Asked {
  readonly directory: string;
  readonly reset: boolean;
}

export interface UpDeps {
  readonly layout: Layout;
  readonly clock: Clock;
  /** How a person calls this program, for advice. */
  readonly command: string;
  /** Data, for stdout. */
  readonly print: (text: string) => void;
  /** Talk, for stderr. */
  readonly say: (text: string) => void;
}

/** The name of the gateway on this box. */
export const localNode = 'edge-1';

/**
 * Runs the whole product on one box, until it is asked to stop.
 * @throws FieldError when it cannot be started; then nothing of it is left running
 */
export async function up(options: UpOptions, deps: UpDeps): Promise<void> {
  const home = new Home(options.directory);
  const lockPath = home.path('run', 'lock');
  checkPrograms(deps.layout);
  // What was mistyped must not cost the state.
  if (options.kubeconfig !== undefined) readKubeconfig(resolve(options.kubeconfig));
  if (options.reset) {
    const holder = lockHolder(lockPath);
    if (holder) {
      throw configError(
        'AlreadyRunning',
        `Cannot delete "${home.directory}": pid ${holder.pid} runs from it; stop that first`,
      );
    }
    home.remove();
  }
  const mark = home.open('up');
  const lock = takeLock(lockPath, home.directory);
  const crew = new Crew({ home, clock: deps.clock, say: deps.say });
  const stop = listenForStop(() => crew.kill());
  try {
    await clearLeftovers(home, deps);
    const started = startAll({ options, home, mark, crew, deps, signal: stop.signal });
    // A stop in the middle of a start is answered at once; what was started is stopped below.
    started.catch(() => {});
    await Promise.race([started, stop.asked]);
    await stop.asked;
    deps.say('stopping');
  } finally {
    await crew.stop(['gateway', 'hil-sim', 'cloud']);
    stop.dispose();
    lock.release();
  }
  deps.say('stopped');
}

async function startAll(run: {
  options: UpOptions;
  home: Home;
  mark: HomeMark;
  crew: Crew;
  deps: UpDeps;
  signal: AbortSignal;
}): Promise<void> {
  const { options, home, crew, deps, signal } = run;
  const { layout, clock } = deps;
  const began = clock.monotonic();
  const choices = choose(home, run.mark, options);
  const { ports, plantFile, cluster } = choices;
  const plant = plantFile === false ? undefined : (plantFile ?? defaultPlant(layout));
  await checkPortsFree(
    [
      ...(cluster === undefined ? [{ use: 'Kubernetes API', port: ports.api }] : []),
      { use: 'CloudHub', port: ports.hub },
      { use: 'enrolment', port: ports.enrolment },
      { use: 'MQTT', port: ports.mqtt },
      ...(plant === undefined ? [] : [{ use: 'plant', port: ports.plant }]),
    ],
    'stop it, or move all ports with --ports BASE',
  );
  const settings = remembered(choices);
  home.write({ ...run.mark, settings });

  const kubeconfig = home.path('kubeconfig');
  if (cluster !== undefined) {
    rmSync(kubeconfig, { force: true });
    symlinkSync(cluster.kubeconfig, kubeconfig);
  }
  const [, plantReady] = await Promise.all([
    crew.start(cloudPlan(layout, home, ports, cluster?.kubeconfig)),
    plant === undefined ? undefined : crew.start(plantPlan(layout, home, ports, plant)),
  ]);
  const client = new KubeClient(cluster?.access ?? readKubeconfig(kubeconfig));
  const tokenFile = home.path('run', 'token');
  writeWhole(tokenFile, await waitForToken(client, clock, signal));
  await crew.start(
    gatewayPlan(layout, {
      directory: home.path('gateway'),
      node: localNode,
      cloud: `127.0.0.1:${ports.hub}`,
      mqttPort: ports.mqtt,
      tokenFile,
    }),
  );
  if (run.mark.samplesApplied !== true && plantFile === undefined) {
    await applySamples(client, sampleFolder(layout, 'modbus'), { node: localNode, plantPort: ports.plant });
    home.write({ ...run.mark, settings, samplesApplied: true });
  }
  if (signal.aborted) return;
  deps.print(
    upBanner({
      version: layout.version,
      directory: options.directory,
      command: deps.command,
      kubeconfig,
      ports,
      node: localNode,
      seconds: (clock.monotonic() - began) / 1_000,
      apiServer: cluster?.access.server ?? `https://127.0.0.1:${ports.api}`,
      plantEndpoints: plantReady === undefined ? undefined : endpointsOf(plantReady),
    }),
  );
}

function cloudPlan(layout: Layout, home: Home, ports: Ports, external: string | undefined): ProcessPlan {
  const program = layout.program('cloud');
  const api =
    external === undefined
      ? ['--api-port', String(ports.api), '--kubeconfig-out', home.path('kubeconfig')]
      : ['--kubeconfig', external];
  return {
    name: 'cloud',
    program: program[0] ?? '',
    grace: seconds(8),
    args: [
      ...cloudFlags,
      ...layout.leash,
      ...program,
      ...['--dir', home.path('cloud'), '--hub-port', String(ports.hub), '--enrol-port', String(ports.enrolment)],
      ...api,
    ],
  };
}

function plantPlan(layout: Layout, home: Home, ports: Ports, plant: string): ProcessPlan {
  const program = layout.program('hil-sim');
  return {
    name: 'hil-sim',
    program: program[0] ?? '',
    grace: seconds(5),
    args: [
      ...nodeFlags,
      ...layout.leash,
      ...program,
      ...['run', plant, '--port-base', String(ports.plant), '--state', home.path('plant', 'state.json')],
    ],
  };
}

/** Processes of an earlier start that was killed. Those that still stop by themselves are waited for as well. */
async function clearLeftovers(home: Home, { layout, clock, say }: UpDeps): Promise<void> {
  for (const record of readRecords(home.path('run'))) {
    const pids = await endStale(record, layout.root, clock);
    if (pids.length > 0) say(`ended ${record.name} of an earlier start (pid ${pids.join(', ')})`);
    removeRecord(home.path('run'), record.name);
  }
}

/** The cloud writes the token right after it is ready; on a real cluster that may take a moment. */
async function waitForToken(client: KubeClient, clock: Clock, signal: AbortSignal): Promise<string> {
  for (let waited = 0; waited < 20_000; waited += 100) {
    const token = await readJoinToken(client);
    if (token !== undefined) return token;
    await sleep(clock, millis(100), signal);
  }
  throw transient(
    'NoToken',
    'Cannot start the gateway: the cloud made no join token within 20 s; see `selvedge logs cloud`',
  );
}

function checkPrograms(layout: Layout): void {
  const names: ProgramName[] = ['cloud', 'gateway', 'hil-sim'];
  const missing = names.filter((name) => !hasProgram(layout, name));
  if (missing.length === 0) return;
  throw configError(
    'NotBuilt',
    `Cannot start: ${missing.join(' and ')} not found in ${layout.root}; run \`npm run build\``,
  );
}

/** What the simulator says it listens on: `tcp:127.0.0.1:1502 (plc)`. */
function endpointsOf({ endpoints }: Readonly<Record<string, unknown>>): string[] {
  return (endpoints as { name: string; address: string }[]).map(({ name, address }) => `${address} (${name})`);
}
