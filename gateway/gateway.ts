import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { configError } from '@selvedge/base/errors';
import { Lifecycle } from '@selvedge/base/lifecycle';
import type { Logger, LogLevel } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { enrolmentPortOffset, parseToken } from '@selvedge/contract/enrolment';
import type { GatewayStatus, LocalDevice } from '@selvedge/contract/gateway-api';
import { buildTopic } from '@selvedge/contract/topics';
import { LocalApi } from './api/server.ts';
import type { Bus } from './bus/bus.ts';
import { EmbeddedBus } from './bus/embedded-bus.ts';
import { ExternalBus } from './bus/external-bus.ts';
import type { GatewayConfig } from './config.ts';
import { DeviceTwins } from './devicetwin/devicetwin.ts';
import { localView } from './devicetwin/local-view.ts';
import { EdgeHub } from './edgehub/edgehub.ts';
import { Joiner } from './edgehub/join.ts';
import { EventBus } from './eventbus/eventbus.ts';
import { MetaManager } from './metamanager/metamanager.ts';
import { Store } from './store/store.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { version } from './version.ts';

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly mappersDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const retainedFilters = [buildTopic('deviceConfig', {}), buildTopic('desired', {}), buildTopic('health', {})];

/**
 * The wiring of the gateway's rooms, in the order in which they start: what is on disk first, then the bus, the mappers, the
 * local API, and the cloud last, so that without a cloud everything else works. Stopped in the reverse order.
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #lifecycle: Lifecycle;
  readonly #dir: string;
  readonly #startedAt: number;
  #rooms: { bus: Bus; twins: DeviceTwins; supervisor: Supervisor; hub: EdgeHub } | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#lifecycle = new Lifecycle({ log: options.log, clock: options.clock });
    this.#dir = resolve(options.config.dir);
    this.#startedAt = options.clock.now();
  }

  get endpoints(): { mqtt: string; socket: string } {
    return { mqtt: this.#rooms?.bus.state.address ?? '', socket: this.#socket };
  }

  get #socket(): string {
    return join(this.#dir, 'gateway.sock');
  }

  /** Resolves when devices can be served; the cloud may come later. @throws FieldError when it cannot start at all */
  async start(): Promise<void> {
    const { config, clock, log } = this.#options;
    if (config.token !== undefined) parseToken(config.token);
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const room = (name: string) => log.child({ room: name });
    const lifecycle = this.#lifecycle;

    const store = lifecycle.add('store', new Store({ path: join(this.#dir, 'gateway.db'), clock }));
    const bus = lifecycle.add('bus', await this.#startBus(room('bus')));

    const twins = lifecycle.add(
      'devicetwin',
      new DeviceTwins({
        store: store.twins,
        bus,
        clock,
        log: room('devicetwin'),
        onReport: (key) => hub.reportReady(key),
        onChange: (key, after, before) => {
          if (after) {
            if (api.isWatched) api.changed(localView(after));
            if (events.wants(after.durable)) events.changed(localView(after), before && localView(before));
            if (before?.durable.resolved?.protocol !== after.durable.resolved?.protocol) {
              supervisor.need(twins.protocols());
            }
          }
          // A device is known from the first change that took it up.
          if (after && before?.durable.generation === 0) events.membershipChanged({ added: after.durable });
          if (before && !after) {
            log.info('device gone', { device: key });
            events.membershipChanged({ removed: before.durable });
          }
        },
      }),
    );
    const metamanager = new MetaManager({ store: store.objects, sink: twins, log: room('metamanager') });
    const supervisor = this.#createSupervisor(bus, twins, room('supervisor'));
    const events = this.#createEventBus(bus, twins, room('eventbus'));
    const api = this.#createApi(twins, room('api'));
    const hub = this.#createHub(metamanager, twins, room('edgehub'));
    this.#rooms = { bus, twins, supervisor, hub };

    twins.start();
    metamanager.start();
    twins.republish();
    for (const name of ['samples', 'outcome', 'health'] as const) {
      bus.subscribe(buildTopic(name, {}), (topic, payload) => twins.onMessage(topic, payload));
    }
    bus.subscribe(buildTopic('mapperState', {}), (topic, payload) => supervisor.onMessage(topic, payload));
    events.start();
    lifecycle.add('supervisor', supervisor);
    supervisor.need(twins.protocols());
    await api.start();
    lifecycle.add('api', api);
    lifecycle.add('edgehub', hub);
    hub.start();
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop(seconds(6));
  }

  #startBus(log: Logger): Promise<Bus> {
    const { config } = this.#options;
    const twins = () => this.#rooms?.twins;
    if (config.externalBroker !== undefined) {
      return ExternalBus.start({
        url: config.externalBroker,
        clientId: `selvedge-${config.node}`,
        log,
        onRestored: () => twins()?.republish(),
        retainedFilters,
        isStray: (topic) => twins()?.isStray(topic) ?? false,
      });
    }
    return EmbeddedBus.start({ port: config.mqttPort, log, ownerOf: (device) => twins()?.ownerOf(device) });
  }

  #createSupervisor(bus: Bus, twins: DeviceTwins, log: Logger): Supervisor {
    const { config, mappersDir, clock, random } = this.#options;
    return new Supervisor({
      mappersDir,
      dataDir: join(this.#dir, 'mappers'),
      logLevel: config.logLevel as LogLevel,
      login: (id) => bus.login(id),
      clock,
      random,
      log,
      onPresence: (protocol, presence) => twins.setPresence(protocol, presence),
    });
  }

  #createEventBus(bus: Bus, twins: DeviceTwins, log: Logger): EventBus {
    return new EventBus({
      node: this.#options.config.node,
      bus,
      clock: this.#options.clock,
      log,
      twins: {
        devices: () => viewsOf(twins),
        device: ({ namespace, name }) => viewOf(twins, `${namespace}/${name}`),
        report: (device, values) => twins.foreign(device, { type: 'foreignValues', values }),
        reportState: (device, state) => twins.foreign(device, { type: 'foreignState', state }),
        write: (device, property, value) => {
          twins.write(device, property, value);
        },
      },
    });
  }

  #createApi(twins: DeviceTwins, log: Logger): LocalApi {
    return new LocalApi({
      path: this.#socket,
      log,
      gateway: {
        status: () => this.#status(),
        devices: () => viewsOf(twins),
        device: ({ namespace, name }) => viewOf(twins, `${namespace}/${name}`),
        write: (device, property, value) => localView(twins.write(device, property, value)),
      },
    });
  }

  #createHub(objects: MetaManager, reports: DeviceTwins, log: Logger): EdgeHub {
    const { config, clock, random } = this.#options;
    const { node, token, tokenFile } = config;
    const { host, port } = config.cloud;
    const joiner = new Joiner({
      target: { host, port: port + enrolmentPortOffset, node },
      directory: join(this.#dir, 'pki'),
      ...(token === undefined ? {} : { token }),
      ...(tokenFile === undefined ? {} : { tokenFile }),
      clock,
      random,
      log,
    });
    const identity = () => joiner.identity();
    return new EdgeHub({
      address: cloudAddress(config),
      node,
      version,
      identity,
      objects,
      reports,
      clock,
      random,
      log,
    });
  }

  #status(): GatewayStatus {
    const { config } = this.#options;
    if (!this.#rooms) throw configError('NotReady', 'Cannot tell the status: the gateway is starting; ask again');
    const { bus, twins, supervisor, hub } = this.#rooms;
    const devices = viewsOf(twins);
    const ready = devices.filter((device) => device.health.reason === 'Ready').length;
    return {
      node: config.node,
      version,
      pid: process.pid,
      startedAt: this.#startedAt,
      cloud: { address: cloudAddress(config), ...hub.state },
      bus: bus.state,
      devices: { total: devices.length, ready },
      unsentReports: twins.unsettled().length,
      mappers: supervisor.statuses,
    };
  }
}

const cloudAddress = ({ cloud: { host, port } }: GatewayConfig): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

function viewOf(twins: DeviceTwins, key: string): LocalDevice | undefined {
  const twin = twins.get(key);
  return twin && localView(twin);
}

const viewsOf = (twins: DeviceTwins): LocalDevice[] => twins.keys().flatMap((key) => viewOf(twins, key) ?? []);
