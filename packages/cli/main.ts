#!/usr/bin/env node
import { RealClock } from '@selvedge/base/clock';
import { describeError, exitCode, FieldError } from '@selvedge/base/errors';
import { Command, CommanderError } from 'commander';
import { findLayout } from './layout.ts';
import { defaultDirectory } from './up/home.ts';
import { parsePorts } from './up/ports.ts';
import { up } from './up/up.ts';
import { addDeviceVerbs } from './verbs/devices.ts';
import { addJoin } from './verbs/join.ts';
import { addLogs } from './verbs/logs.ts';
import { addStatus } from './verbs/status.ts';

/** How a person calls this program. */
const command = 'npx selvedge';
const layout = findLayout(import.meta.url);
const print = (text: string) => process.stdout.write(`${text}\n`);
const say = (text: string) => process.stderr.write(`selvedge: ${text}\n`);
const clock = new RealClock();

const program = new Command('selvedge')
  .description('Kubernetes-native IoT gateway')
  .version(layout.version, '-V, --version')
  .showSuggestionAfterError()
  .addHelpText('before', `Examples:\n  ${command} up\n  ${command} set boiler/setpoint 65\n`)
  .exitOverride();

program
  .command('up')
  .description('run the whole product on this box: API server, cloud, gateway, simulated plant')
  .option('--dir <directory>', 'where all state lives', defaultDirectory)
  .option('--ports <base>', 'move every port: this one and the fifteen after it (default: as last time)')
  .option('--reset', 'begin anew: delete the state first', false)
  .option('--plant <file>', 'plant file for the simulator (default: as last time, else a boiler)')
  .option('--no-plant', 'run no simulator')
  .option('--kubeconfig <file>', 'use this cluster in place of the embedded API server (default: as last time)')
  .action((given: { dir: string; ports?: string; reset: boolean; plant?: string | boolean; kubeconfig?: string }) =>
    up(
      {
        directory: given.dir,
        reset: given.reset,
        ...(given.ports === undefined ? {} : { ports: parsePorts(given.ports) }),
        ...(given.plant === undefined || given.plant === true ? {} : { plant: given.plant as string | false }),
        ...(given.kubeconfig === undefined ? {} : { kubeconfig: given.kubeconfig }),
      },
      { layout, clock, command, print, say },
    ),
  );

addDeviceVerbs(program, { print, say });
addStatus(program, { print, say, clock });
addLogs(program, { print });
addJoin(program, { layout, clock, print, say });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** What goes wrong is one sentence on stderr, and an exit code after sysexits.h. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (!(error instanceof FieldError)) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitCode.bug;
  }
  say(describeError(error));
  if (error.code === 'Usage') return exitCode.usage;
  switch (error.kind) {
    case 'config':
      return exitCode.config;
    case 'transient':
      return exitCode.unavailable;
    case 'rejected':
      return 1;
    case 'bug':
      return exitCode.bug;
  }
}
