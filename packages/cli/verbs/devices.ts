import { setTimeout as sleep } from 'node:timers/promises';
import { configError, rejected } from '@selvedge/base/errors';
import { nearest } from '@selvedge/base/nearest';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { findSource, type Whom } from '../source/find.ts';
import type { AskedRevision, DeviceSource } from '../source/source.ts';
import { defaultDirectory } from '../up/home.ts';
import { deviceDetail, deviceLine, deviceTable, rawList, rawObject, unconfirmed, writeText } from '../view/devices.ts';

interface Talk {
  readonly print: (text: string) => void;
  readonly say: (text: string) => void;
}

const outputs = ['table', 'wide', 'json', 'yaml'];
/** How long `set` waits for the outcome, ms. */
const setLimit = 10_000;

/** `get`, `describe`, `set`, `watch`: kubectl's verbs on devices, also where there is no kubectl and no cloud. */
export function addDeviceVerbs(program: Command, { print, say }: Talk): void {
  const whom = (command: Command) =>
    command
      .option('--dir <directory>', 'state directory of `selvedge up`', defaultDirectory)
      .option('--kubeconfig <file>', 'ask this cluster (default: $KUBECONFIG, then the one of --dir)')
      .option('--gateway <directory>', 'ask the gateway of this directory, without the cloud');
  const source = (given: Whom) => findSource(given, process.env.KUBECONFIG);

  whom(program.command('get <thing> [name]'))
    .description('show devices: `get devices`, `get device boiler -o yaml`')
    .option('-n, --namespace <namespace>', 'namespace', 'default')
    .option('-o, --output <form>', `one of ${outputs.join(', ')}`, 'table')
    .action(async (thing: string, name: string | undefined, given: Whom & { namespace: string; output: string }) => {
      checkThing(thing);
      if (!outputs.includes(given.output))
        throw configError('Usage', `Cannot print as "${given.output}": it must be one of ${outputs.join(', ')}`);
      if (name === undefined) {
        const devices = await source(given).list(given.namespace);
        if (devices.length === 0 && !['json', 'yaml'].includes(given.output))
          say(`no devices in namespace "${given.namespace}"`);
        else print(render(rawList(devices), given.output) ?? deviceTable(devices, Date.now(), given.output === 'wide'));
        return;
      }
      const device = await source(given).get(given.namespace, name);
      print(render(rawObject(device), given.output) ?? deviceDetail(device, Date.now()));
    });

  whom(program.command('describe <thing> <name>'))
    .description('show a device and what happened to it')
    .option('-n, --namespace <namespace>', 'namespace', 'default')
    .action(async (thing: string, name: string, given: Whom & { namespace: string }) => {
      checkThing(thing);
      const asked = source(given);
      const device = await asked.get(given.namespace, name);
      const events = await asked.events(device);
      print(
        `${deviceDetail(device, Date.now())}${events.length > 0 ? `\n\nEvents:\n${events.map((line) => `  ${line}`).join('\n')}` : ''}`,
      );
    });

  whom(program.command('set <target> <value>'))
    .description('ask for a value and wait for its outcome: `set boiler/setpoint 65`')
    .option('-n, --namespace <namespace>', 'namespace', 'default')
    .action(async (target: string, value: string, given: Whom & { namespace: string }) => {
      const [name = '', property = '', ...rest] = target.split('/');
      if (name === '' || property === '' || rest.length > 0)
        throw configError('Usage', `Cannot set "${target}": it must be DEVICE/PROPERTY, such as boiler/setpoint`);
      const asked = source(given);
      const revision = await asked.set(given.namespace, name, property, value);
      print(await outcomeOf(asked, { revision, namespace: given.namespace, name, property, value }));
    });

  whom(program.command('watch'))
    .description('show each change of each device as it happens')
    .action(async (given: Whom) => {
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      process.once('SIGTERM', () => stop.abort());
      await source(given).watch(stop.signal, (device) => print(deviceLine(device)));
    });
}

function render(raw: unknown, output: string): string | undefined {
  if (output === 'json') return JSON.stringify(raw, null, 2);
  return output === 'yaml' ? stringify(raw).trimEnd() : undefined;
}

function checkThing(thing: string): void {
  const things = ['devices', 'device', 'dev'];
  if (things.includes(thing)) return;
  const near = nearest(thing, things);
  throw configError('Usage', `Cannot show "${thing}": ${near ? `did you mean "${near}"?` : 'there are devices'}`);
}

/** The outcome of a write as a sentence. @throws rejected `Rejected`, `Pending` */
async function outcomeOf(
  source: DeviceSource,
  asked: { revision: AskedRevision; namespace: string; name: string; property: string; value: string },
): Promise<string> {
  const { namespace, name, property, value, revision } = asked;
  const end = Date.now() + setLimit;
  for (;;) {
    const device = await source.get(namespace, name);
    const write = device.properties.find((candidate) => candidate.name === property)?.lastWrite;
    const isAnswer = write !== undefined && write.value === value && !isBefore(write, revision);
    if (isAnswer && write.phase === 'Verified') return `${name}/${property} is ${write.readBack ?? value} (verified)`;
    const state = isAnswer ? writeText({ name: property, lastWrite: write }) : 'it has not been written';
    if (isAnswer && write.phase === 'Rejected') throw rejected('Rejected', `${name}/${property}: ${state}`);
    if (Date.now() > end) {
      throw rejected('Pending', unconfirmed(device, property, value, state, setLimit));
    }
    await sleep(50);
  }
}

const isBefore = (a: AskedRevision, b: AskedRevision): boolean =>
  a.generation === b.generation ? a.local < b.local : a.generation < b.generation;
