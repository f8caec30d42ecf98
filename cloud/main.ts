import { mkdirSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { readConfig } from '@selvedge/base/config';
import { millis, seconds } from '@selvedge/base/duration';
import { configError, describeError, exitCode, FieldError } from '@selvedge/base/errors';
import { Lifecycle } from '@selvedge/base/lifecycle';
import { createLogger, type Logger, type LogLevel } from '@selvedge/base/log';
import { systemRandom } from '@selvedge/base/random';
import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { enrolmentPortOffset } from '@selvedge/contract/enrolment';
import { edgeLabel } from '@selvedge/contract/names';
import { deviceAdmission } from './admission/device-admission.ts';
import { CloudHub } from './cloudhub/cloudhub.ts';
import type { SessionEvents } from './cloudhub/session.ts';
import { type CloudConfig, cloudSettings } from './config.ts';
import { DeviceController } from './devices/device-controller.ts';
import { EventRecorder } from './devices/event-recorder.ts';
import { judgeDevice, judgeModel } from './devices/judge.ts';
import { loadProtocols } from './devices/protocols.ts';
import { startEmbeddedApi } from './embedded/embedded-api.ts';
import { findCrds, installCrds } from './embedded/install-crds.ts';
import { Authority } from './enrolment/authority.ts';
import { EnrolmentServer } from './enrolment/enrolment-server.ts';
import { advertisedHosts } from './enrolment/hosts.ts';
import { KubeApi } from './kube/api.ts';
import { Cluster, collections } from './kube/cluster.ts';
import { connectionFromKubeconfig } from './kube/connection.ts';
import { Informer } from './kube/informer.ts';
import { hasReason } from './kube/status-error.ts';
import { NodeFrames } from './nodes/node-frames.ts';
import { NodeHealth, type NodeObject } from './nodes/node-health.ts';

/** Namespace of the Secrets, KubeEdge's own. */
const secretNamespace = 'kubeedge';
const clock = new RealClock();
const random = systemRandom;

/** The wiring of the cloud process, from the API upwards. Resolves when gateways can connect. */
async function start(config: CloudConfig, life: Lifecycle, log: Logger): Promise<void> {
  const room = (name: string) => log.child({ room: name });
  const crds = findCrds(config.crds, import.meta.url);
  const protocols = loadProtocols(join(crds, 'protocols'));
  const hosts = advertisedHosts(config.advertise, hostname(), networkInterfaces());

  const copies: { devices?: Informer<Device>; models?: Informer<DeviceModel> } = {};
  const admission = deviceAdmission({
    device: (model, device) => judgeDevice(model, device, protocols),
    model: (model) => judgeModel(model, protocols),
    devicesOf: (namespace, model) =>
      [...(copies.devices?.items.values() ?? [])].filter(
        ({ metadata, spec }) => metadata.namespace === namespace && spec.deviceModelRef?.name === model,
      ),
  });
  const connection =
    config.kubeconfig === undefined
      ? life.add('embedded API', await embeddedApi(config, [admission], room('kubeapi')))
      : await connectionFromKubeconfig(config.kubeconfig);
  const api = life.add('API requests', new KubeApi({ connection, clock }));
  const cluster = new Cluster(api);
  if (config.kubeconfig === undefined) await installCrds(crds, cluster, clock);

  const authority = await Authority.open({ store: secretsOf(cluster), clock, hosts });
  life.spawn('token', refreshToken(authority, life, log));

  const recorder = life.add('events', new EventRecorder({ store: cluster, clock, log: room('devices') }));
  const informer = { api, clock, random, log: room('kube') };
  const models: Informer<DeviceModel> = new Informer<DeviceModel>({
    ...informer,
    path: collections.models,
    onChange: (key, model, before) => controller.modelChanged(key, model, before),
  });
  const devices: Informer<Device> = new Informer<Device>({
    ...informer,
    path: collections.devices,
    onChange: (key, device, before) => controller.deviceChanged(key, device, before),
  });
  copies.devices = devices;
  const nodes = new Informer<NodeObject & Device>({
    ...informer,
    path: collections.nodes,
    labelSelector: edgeLabel,
    onChange: () => {},
  });

  const frames = new NodeFrames({
    store: cluster,
    clock,
    log: room('nodes'),
    onRenewed: (node) => health.renewed(node),
  });
  const health = new NodeHealth({ nodes: () => nodes.items.values(), store: cluster, clock, log: room('nodes') });
  const events: SessionEvents = {
    ready: (session) => controller.linkChanged(session.node),
    closed: (session) => controller.linkChanged(session.node),
    settled: (session, ref) => controller.settled(session, ref),
    message: (session, message) =>
      message.type === 'object' ? frames.message(session, message) : controller.message(session, message),
  };
  const { nodeLimit, listen: host } = config;
  const hub = new CloudHub({
    tls: authority.tls,
    host,
    port: config.hubPort,
    nodeLimit,
    clock,
    log: room('cloudhub'),
    events,
  });
  const controller = new DeviceController({
    devices,
    models,
    links: {
      get: (node) => hub.sessions.get(node),
      all: () => hub.sessions.values(),
      lastSeen: (node) => hub.lastSeen(node),
    },
    store: cluster,
    recorder,
    protocols,
    clock,
    log: room('devices'),
  });
  life.add('device controller', controller);
  for (const [name, copy] of Object.entries({ models, devices, nodes })) {
    await copy.start().catch(explainMissingKinds);
    life.add(name, copy);
  }
  health.start();
  life.add('node health', health);

  const enrolPort = config.enrolPort ?? (config.hubPort === 0 ? 0 : config.hubPort + enrolmentPortOffset);
  const nodeExists = (name: string) => cluster.nodeExists(name);
  const enrolment = new EnrolmentServer({
    authority,
    nodeExists,
    isConnected: (name) => hub.sessions.has(name),
    host,
    port: enrolPort,
    clock,
    log: room('enrolment'),
  });
  await listening(enrolment.start(), enrolPort);
  life.add('enrolment', enrolment);
  await listening(hub.start(), config.hubPort);
  life.add('cloudhub', hub);
  log.info('ready', { api: connection.url.href, hub: hub.port, enrolment: enrolment.port });
}

async function embeddedApi(
  config: CloudConfig,
  admission: Parameters<typeof startEmbeddedApi>[0]['admission'],
  log: Logger,
) {
  mkdirSync(config.dir, { recursive: true, mode: 0o700 });
  return await startEmbeddedApi({
    dir: config.dir,
    port: config.apiPort,
    kubeconfigFile: config.kubeconfigOut ?? join(config.dir, 'kubeconfig'),
    admission,
    clock,
    log,
  });
}

const secretsOf = (cluster: Cluster) => ({
  read: (name: string) => cluster.readSecret(secretNamespace, name),
  create: (name: string, data: ReadonlyMap<string, Buffer>) => cluster.createSecret(secretNamespace, name, data),
  update: (name: string, data: ReadonlyMap<string, Buffer>) => cluster.patchSecret(secretNamespace, name, data),
});

/** Keeps a join token of at least half its life in the Secret. A failure is tried again in a minute: nothing waits for it. */
async function refreshToken(authority: Authority, life: Lifecycle, log: Logger): Promise<void> {
  while (!life.signal.aborted) {
    const wait = await authority.refreshToken().catch((error: unknown) => {
      log.warn('join token not refreshed', { error: describeError(error) });
      return seconds(60);
    });
    await new Promise<void>((resolve) => {
      const timer = clock.after('token', wait, resolve);
      life.signal.addEventListener(
        'abort',
        () => {
          timer.cancel();
          resolve();
        },
        { once: true },
      );
    });
  }
}

function explainMissingKinds(error: unknown): never {
  if (!hasReason(error, 'NotFound')) throw error;
  const hint = 'install their kinds: kubectl apply -f crds/devicemodels.yaml -f crds/devices.yaml';
  throw configError('KindsMissing', `Cannot follow devices: the cluster does not know them; ${hint}`);
}

async function listening(started: Promise<void>, port: number): Promise<void> {
  try {
    await started;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw configError(
      'PortTaken',
      `Cannot listen on port ${port}: another program has it; stop that or choose another port`,
    );
  }
}

function codeOf(error: unknown): number {
  if (!(error instanceof FieldError)) return exitCode.bug;
  return {
    transient: exitCode.unavailable,
    rejected: exitCode.unavailable,
    config: exitCode.config,
    bug: exitCode.bug,
  }[error.kind];
}

async function main(): Promise<void> {
  let log = createLogger({ name: 'cloud' });
  const end = (code: number, stopped: Promise<void>) => void stopped.finally(() => process.exit(code));
  const onFailure = (_: string, error: unknown) => end(codeOf(error), life.stop(seconds(2)));
  const life = new Lifecycle({ log, clock, onFailure });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info('stopping', { signal });
      end(exitCode.ok, life.stop(millis(2_000)));
    });
  }
  process.on('uncaughtException', (error) => {
    log.error('bug', { error: describeError(error), stack: error.stack });
    end(exitCode.bug, life.stop(seconds(2)));
  });
  try {
    const config = readConfig('cloud', cloudSettings, process.argv.slice(2));
    log = createLogger({ name: 'cloud', level: config.logLevel as LogLevel });
    await start(config, life, log);
  } catch (error) {
    if (life.signal.aborted) return;
    log.error('cannot start', {
      error: describeError(error),
      ...(error instanceof FieldError ? { code: error.code } : {}),
    });
    if (codeOf(error) === exitCode.bug && error instanceof Error) log.error('stack', { stack: error.stack });
    end(codeOf(error), life.stop(seconds(2)));
  }
}

void main();
