import { RealClock } from '@selvedge/base/clock';
import { readConfig } from '@selvedge/base/config';
import { seconds } from '@selvedge/base/duration';
import { configError, describeError, exitCode, FieldError } from '@selvedge/base/errors';
import { Lifecycle } from '@selvedge/base/lifecycle';
import { createLogger, type LogLevel } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { simulatorSettings } from './config.ts';
import { loadPlant } from './plant/load.ts';
import { withListen, withPortBase } from './plant/overrides.ts';
import { Simulator } from './simulator.ts';
import { StateFile } from './state-file.ts';

const usage = `Runs a simulated plant, whose devices answer as hardware would.

  hil-sim run hil-sim/plants/boiler.yaml
  hil-sim run plant.yaml --seed 7 --port-base 15020 --state plant-state.json

${Object.entries(simulatorSettings)
  .map(
    ([key, { description }]) => `  --${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}  ${description}`,
  )
  .join('\n')}
`;

process.exitCode = await main(process.argv.slice(2));

/** Runs until SIGTERM or SIGINT. Resolves with the exit code. */
async function main([verb, file, ...flags]: string[]): Promise<number> {
  if (verb === '--help' || verb === 'help') {
    process.stdout.write(usage);
    return exitCode.ok;
  }
  if (verb !== 'run' || file === undefined || file.startsWith('--')) {
    process.stderr.write(usage);
    return exitCode.usage;
  }
  const log = createLogger({ name: 'hil-sim' });
  try {
    await run(file, flags);
    return exitCode.ok;
  } catch (error) {
    log.error('hil-sim failed', { error: describeError(error) });
    if (!(error instanceof FieldError)) return exitCode.bug;
    if (error.code === 'UnknownSetting' || error.code === 'InvalidSetting') return exitCode.usage;
    return error.kind === 'config' ? exitCode.config : exitCode.unavailable;
  }
}

async function run(file: string, flags: readonly string[]): Promise<void> {
  const config = readConfig('hil-sim', simulatorSettings, flags);
  const log = createLogger({ name: 'hil-sim', level: config.logLevel as LogLevel });
  const clock = new RealClock();
  const virtual = config.clock === 'virtual' ? new VirtualClock() : undefined;
  let plant = loadPlant(file);
  if (config.portBase !== undefined) plant = withPortBase(plant, config.portBase);
  if (config.listen !== undefined) plant = withListen(plant, config.listen);
  if (virtual && plant.control === undefined) {
    throw configError(
      'NoControl',
      `Cannot run "${file}" on a virtual clock: without "control" nothing could advance it`,
    );
  }

  const stopped = stopSignal();
  const lifecycle = new Lifecycle({ log, clock });
  const simulator = new Simulator({
    plant,
    clock,
    worldClock: virtual ?? clock,
    log,
    ...(config.seed === undefined ? {} : { seed: config.seed }),
    ...(config.state === undefined ? {} : { stateFile: new StateFile(config.state) }),
  });
  const endpoints = await simulator.start();
  lifecycle.add('simulator', simulator);
  log.info('ready', { plant: file, endpoints, devices: plant.devices.length });

  const signal = await stopped;
  log.info('stopping', { signal });
  await lifecycle.stop(seconds(5));
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}
