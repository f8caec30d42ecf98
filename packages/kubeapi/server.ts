import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '@selvedge/base/clock';
import { configError, describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { systemRandom } from '@selvedge/base/random';
import Fastify from 'fastify';
import { runControllers } from './controllers/controller.ts';
import { GarbageCollector } from './controllers/garbage-collector.ts';
import { NamespaceController } from './controllers/namespaces.ts';
import { ServiceAccountController } from './controllers/service-accounts.ts';
import type { AdmissionHook } from './objects/admission.ts';
import { Objects } from './objects/objects.ts';
import { seed, serverContext } from './objects/seed.ts';
import { Definitions } from './resources/definitions.ts';
import { Registry } from './resources/registry.ts';
import { adminGroup, adminName } from './server/auth.ts';
import { installRoutes } from './server/router.ts';
import { Watches } from './server/watch.ts';
import { Store } from './store/store.ts';
import { loadCredentials, writePrivate } from './tls/credentials.ts';
import { kubeconfigOf } from './tls/kubeconfig.ts';

export interface ApiServerOptions {
  /** Holds the database, the credentials and the kubeconfig. Made when missing, for its owner only. */
  readonly dir: string;
  /** Address to listen on; meant for loopback. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: Random;
  /** Asked before every write, in order. */
  readonly admission?: readonly AdmissionHook[];
  /** Where the kubeconfig is written. Default `dir`/kubeconfig. */
  readonly kubeconfigFile?: string;
  /** Changes kept for watches that resume. Default 10,000. */
  readonly maxEvents?: number;
  /** Watches open at the same time. Default 1,000. */
  readonly maxWatches?: number;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  /** Text of a kubeconfig with a client certificate; the same is in the file. */
  readonly kubeconfig: string;
  /** For clients without certificates: `Authorization: Bearer ...`. */
  readonly token: string;
  stop(): Promise<void>;
}

const maxBodyBytes = 3 * 1024 * 1024;
const maxBacklogBytes = 16 * 1024 * 1024;

/**
 * Starts a Kubernetes-style API server. When this resolves it answers on `url`.
 * @throws FieldError `PortTaken` when another program has the port, and what the store and the credentials throw
 */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { dir, host, clock, log } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const random = options.random ?? systemRandom;
  const user = { name: adminName, group: adminGroup };
  const credentials = await loadCredentials(dir, ['localhost', '127.0.0.1', '::1', host], user, clock.now());
  const store = new Store({
    file: join(dir, 'kubeapi.sqlite'),
    clock,
    ...(options.maxEvents === undefined ? {} : { maxEvents: options.maxEvents }),
  });
  try {
    const registry = new Registry();
    const objects = new Objects({ store, registry, clock, random, admission: options.admission ?? [] });
    seed(objects);
    const definitions = new Definitions(objects, clock, serverContext());
    follow(objects, definitions, log);
    const controllers = [
      new GarbageCollector(objects),
      new NamespaceController(objects),
      new ServiceAccountController(objects),
    ];
    const maxWatches = options.maxWatches ?? 1_000;
    const watches = new Watches(objects, { clock, random, maxWatches, maxBacklog: maxBacklogBytes });

    const app = Fastify({
      bodyLimit: maxBodyBytes,
      https: {
        key: credentials.server.key,
        cert: credentials.server.certificate,
        ca: credentials.authority,
        requestCert: true,
        // Whoever has no certificate may show the token; who has neither gets 401 from the router.
        rejectUnauthorized: false,
        ALPNProtocols: ['http/1.1'],
      },
      // Watches stay open for as long as they like.
      requestTimeout: 0,
      keepAliveTimeout: 90_000,
      forceCloseConnections: true,
    });
    app.server.on('secureConnection', (socket: TLSSocket) => socket.setNoDelay(true));
    let address = `${host}:${options.port}`;
    installRoutes(app, { objects, watches, token: credentials.token, log, address: () => address });
    await app.listen({ host, port: options.port });
    const bound = app.server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
    address = `${host}:${port}`;
    const url = `https://${address}`;
    const kubeconfig = kubeconfigOf(url, credentials);
    writePrivate(options.kubeconfigFile ?? join(dir, 'kubeconfig'), kubeconfig);
    const stopControllers = runControllers(controllers, { store, clock, log });
    log.info('API server listening', { url });

    let stopping: Promise<void> | undefined;
    const stop = async () => {
      watches.closeAll();
      await app.close();
      await stopControllers();
      store.close();
    };
    return {
      url,
      port,
      kubeconfig,
      token: credentials.token,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    store.close();
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw configError(
        'PortTaken',
        `Cannot listen on "${host}:${options.port}": another program has the port; choose another`,
        error,
      );
    }
    throw error;
  }
}

/** Lets what is defined follow what is stored, from the first object on. */
function follow(objects: Objects, definitions: Definitions, log: Logger): void {
  const definitionStorage = 'apiextensions.k8s.io/customresourcedefinitions';
  const check = (name: string) => {
    try {
      definitions.changed(name);
    } catch (error) {
      log.error('definition not followed', { definition: name, error: describeError(error) });
    }
  };
  for (const { name } of objects.store.list(definitionStorage)) check(name);
  objects.store.subscribe((change) => {
    if (change.resource === definitionStorage) return check(change.name);
    const [group, plural] = change.resource.split('/');
    // The last object of a definition that is being deleted may be this one.
    if (change.type === 'DELETED' && group !== '') check(`${plural}.${group}`);
  });
}
