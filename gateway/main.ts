import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { describeError, exitCode, FieldError } from '@selvedge/base/errors';
import { createLogger } from '@selvedge/base/log';
import { readGatewayConfig } from './config.ts';
import { Gateway } from './gateway.ts';
import { limitRepeats } from './repeat-limit.ts';
import { diskFullError } from './store/database.ts';

const stopWithin = seconds(10);

/** `mappers` beside the program: dist/mappers of a build, the checkout's own when run from source. */
function mappersBeside(): string {
  const built = join(import.meta.dirname, 'mappers');
  return existsSync(built) ? built : join(import.meta.dirname, '..', 'mappers');
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof FieldError)) return exitCode.bug;
  if (error.kind === 'config') return exitCode.config;
  return error.kind === 'transient' ? exitCode.unavailable : exitCode.bug;
}

async function main(): Promise<void> {
  const startLog = createLogger({ name: 'gateway' });
  const clock = new RealClock();
  let gateway: Gateway | undefined;
  let dir = '';
  const end = (code: number) => {
    // Whatever still hangs after the ordered stop must not keep the process.
    const timer = setTimeout(() => process.exit(code), stopWithin);
    timer.unref();
    void Promise.resolve(gateway?.stop()).finally(() => process.exit(code));
  };
  const fail = (thrown: unknown) => {
    // A disk can fill at any write, also one that a timer makes; that is no bug of ours.
    const error = diskFullError(thrown, dir) ?? thrown;
    startLog.error('gateway ends', {
      error: error instanceof FieldError ? error.message : error instanceof Error ? error.stack : String(error),
      ...(error instanceof FieldError ? { code: error.code } : {}),
    });
    end(exitCodeOf(error));
  };
  process.once('uncaughtException', fail);
  process.once('unhandledRejection', fail);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      startLog.info('stopping', { signal });
      end(exitCode.ok);
    });
  }
  try {
    const config = readGatewayConfig(process.argv.slice(2));
    dir = config.dir;
    const level = config.logLevel as 'debug' | 'info' | 'warn' | 'error';
    const log = limitRepeats(createLogger({ name: 'gateway', level }), clock);
    gateway = new Gateway({ config, mappersDir: config.mappers ?? mappersBeside(), clock, random: Math.random, log });
    await gateway.start();
    log.info('ready', { node: config.node, pid: process.pid, ...gateway.endpoints });
  } catch (error) {
    if (error instanceof FieldError && (error.code === 'UnknownSetting' || error.code === 'InvalidSetting')) {
      startLog.error('gateway ends', { error: describeError(error), code: error.code });
      process.exit(exitCode.usage);
    }
    fail(error);
  }
}

await main();
