import { join } from 'node:path';
import type { Clock } from '@selvedge/base/clock';
import { describeError } from '@selvedge/base/errors';
import type { Logger, LogLevel } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import type { MapperConfig, MapperState } from '@selvedge/contract/mapper';
import { decodePayload, parseTopic } from '@selvedge/contract/topics';
import { findMappers, type MapperPackage } from './discovery.ts';
import { MapperProcess, type MapperStatus } from './mapper-process.ts';

/** How a protocol is served here, as the rooms above need to know it. */
export type Presence =
  | { readonly state: 'absent' }
  | { readonly state: 'starting' }
  | { readonly state: 'up'; readonly session: string }
  | { readonly state: 'down'; readonly reason: string };

export interface SupervisorOptions {
  /** Folder with a sub-folder for each mapper. */
  readonly mappersDir: string;
  /** Parent of the mappers' private directories. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly login: (id: string) => Pick<MapperConfig, 'broker' | 'username' | 'password'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onPresence: (protocol: string, presence: Presence) => void;
}

/** Runs one mapper process for each protocol that some device needs, and tells how each is doing. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #installed: Map<string, MapperPackage>;
  readonly #processes = new Map<string, MapperProcess>();
  readonly #words = new Map<string, MapperState>();
  readonly #absent = new Set<string>();
  #stopped = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#installed = findMappers(options.mappersDir, options.log);
    options.log.info('mappers found', { directory: options.mappersDir, protocols: [...this.#installed.keys()] });
  }

  get statuses(): MapperStatus[] {
    return [...this.#processes.values()].map((process) => process.status);
  }

  /** Starts what is needed and not there yet. A mapper that nobody needs any more is kept: its next device is served at once. */
  need(protocols: Iterable<string>): void {
    if (this.#stopped) return;
    for (const protocol of protocols) {
      const mapper = this.#installed.get(protocol);
      if (!mapper) {
        if (!this.#absent.has(protocol)) this.#options.onPresence(protocol, { state: 'absent' });
        this.#absent.add(protocol);
      } else if (!this.#processes.has(protocol)) {
        const { logLevel, login, clock, random, log } = this.#options;
        const process = new MapperProcess({
          mapper,
          dataDir: join(this.#options.dataDir, protocol),
          logLevel,
          login,
          clock,
          random,
          log,
          onChange: () => this.#tell(protocol),
        });
        this.#processes.set(protocol, process);
        this.#tell(protocol);
        void process.start();
      }
    }
  }

  /** What a mapper says of itself on the bus, its last will included. */
  onMessage(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(topic);
    const id = parsed?.parameters.mapper;
    if (parsed?.name !== 'mapperState' || id === undefined) return;
    try {
      if (payload.byteLength === 0) this.#words.delete(id);
      else this.#words.set(id, decodePayload('mapperState', payload));
    } catch (error) {
      this.#options.log.warn('mapper state is unreadable', { mapper: id, error: describeError(error) });
      return;
    }
    if (this.#processes.has(id)) this.#tell(id);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
  }

  #tell(protocol: string): void {
    const status = this.#processes.get(protocol)?.status;
    if (status && !this.#stopped) this.#options.onPresence(protocol, presenceOf(status, this.#words.get(protocol)));
  }
}

/** The process's state and its word on the bus, made one. A word of another process than the one that runs does not count. */
export function presenceOf(status: MapperStatus, word: MapperState | undefined): Presence {
  switch (status.state) {
    case 'Waiting':
      return { state: 'starting' };
    case 'CrashLoopBackOff':
    case 'Terminated':
      return { state: 'down', reason: status.reason ?? status.state };
    case 'Running':
      if (!word || (word.pid !== undefined && word.pid !== status.pid)) return { state: 'starting' };
      if (word.state === 'online') return { state: 'up', session: `${status.pid}-${status.since}` };
      // The last will of the process before may arrive after this one was started.
      if (word.pid === undefined && word.since < status.since) return { state: 'starting' };
      return { state: 'down', reason: 'it has lost its connection to the bus' };
  }
}
