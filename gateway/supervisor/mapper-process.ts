import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import type { Logger, LogLevel } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { backoff } from '@selvedge/base/retry';
import type { GatewayStatus } from '@selvedge/contract/gateway-api';
import type { MapperConfig } from '@selvedge/contract/mapper';
import type { MapperPackage } from './discovery.ts';
import { pidFile, stopStale } from './stale.ts';

export type MapperStatus = GatewayStatus['mappers'][number];

export interface MapperProcessOptions {
  readonly mapper: MapperPackage;
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly login: (id: string) => Pick<MapperConfig, 'broker' | 'username' | 'password'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onChange: (status: MapperStatus) => void;
}

/** A run of this long counts as healthy: the next failure starts with the shortest wait again. */
const healthyAfter = seconds(30);

/** One mapper as a child process: started, watched, started again with back-off, stopped. */
export class MapperProcess {
  readonly #options: MapperProcessOptions;
  #waits: Generator<number, never, void>;
  #child: ChildProcess | undefined;
  #timer: Timer | undefined;
  #stopping: Promise<void> | undefined;
  #startedAt = 0;
  #status: MapperStatus;

  constructor(options: MapperProcessOptions) {
    this.#options = options;
    this.#waits = this.#schedule();
    const { protocol } = options.mapper;
    this.#status = { id: protocol, protocol, state: 'Waiting', since: options.clock.now(), restarts: 0 };
  }

  get status(): MapperStatus {
    return this.#status;
  }

  /** Starts the process, once one that was left behind is gone. Failures show in the status, never as an exception. */
  async start(): Promise<void> {
    const { mapper, dataDir, clock, log } = this.#options;
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      await stopStale({ dataDir, entry: mapper.entry, clock, log });
      if (!this.#stopping) this.#spawn();
    } catch (error) {
      this.#failed(describeError(error));
    }
  }

  /** Ends its standard input, which tells it that the gateway is going; SIGTERM after 3 s, SIGKILL after 5 s. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #spawn(): void {
    const { mapper, dataDir, logLevel, login, clock, log } = this.#options;
    // Its log lines go to our own standard error as they are.
    const child = spawn(process.execPath, [...mapper.argv], { stdio: ['pipe', 'ignore', 'inherit'] });
    this.#child = child;
    this.#startedAt = clock.monotonic();
    if (child.pid !== undefined) writeFileSync(join(dataDir, pidFile), `${child.pid}\n`, { mode: 0o600 });
    const config: MapperConfig = { id: mapper.protocol, ...login(mapper.protocol), dataDir, logLevel };
    // It may be gone before it has read its configuration; its exit tells more than the broken pipe.
    child.stdin?.on('error', (error) => log.debug('mapper does not read', { mapper: mapper.protocol, error }));
    child.stdin?.write(`${JSON.stringify(config)}\n`);
    child.once('error', (error) => this.#ended(child, describeError(error)));
    child.once('exit', (code, signal) =>
      this.#ended(child, code === null ? `killed by ${signal}` : `exit code ${code}`),
    );
    const { reason: _, ...status } = this.#status;
    this.#set({
      ...status,
      state: 'Running',
      since: clock.now(),
      ...(child.pid === undefined ? {} : { pid: child.pid }),
    });
    log.info('mapper started', { mapper: mapper.protocol, pid: child.pid });
  }

  #ended(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#stopping) {
      const { pid: _, ...status } = this.#status;
      this.#set({ ...status, state: 'Terminated', since: this.#options.clock.now(), reason });
      return;
    }
    if (this.#options.clock.monotonic() - this.#startedAt >= healthyAfter) this.#waits = this.#schedule();
    this.#failed(reason);
  }

  #failed(reason: string): void {
    const { clock, log, mapper } = this.#options;
    const wait = millis(this.#waits.next().value);
    log.warn('mapper ended', { mapper: mapper.protocol, reason, retryMs: wait });
    const { pid: _, ...status } = this.#status;
    this.#set({ ...status, state: 'CrashLoopBackOff', since: clock.now(), restarts: status.restarts + 1, reason });
    this.#timer = clock.after(`restart mapper ${mapper.protocol}`, wait, () => void this.start());
  }

  #set(status: MapperStatus): void {
    this.#status = status;
    this.#options.onChange(status);
  }

  async #stop(): Promise<void> {
    this.#timer?.cancel();
    const child = this.#child;
    if (!child) return;
    const { clock } = this.#options;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const timers = [
      clock.after('SIGTERM mapper', seconds(3), () => child.kill('SIGTERM')),
      clock.after('SIGKILL mapper', seconds(5), () => child.kill('SIGKILL')),
    ];
    child.stdin?.end();
    await gone;
    for (const timer of timers) timer.cancel();
  }

  #schedule(): Generator<number, never, void> {
    return backoff({ first: millis(200), max: seconds(30), random: this.#options.random });
  }
}
