import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, sleep } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { configError, transient } from '@selvedge/base/errors';
import { parse } from 'yaml';

export interface Definition {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface DefinitionStore {
  /** Creates a CustomResourceDefinition, or brings the one that is there to this state. */
  applyDefinition(definition: Definition): Promise<void>;
  readDefinition(name: string): Promise<Definition>;
}

/**
 * The folder of the CustomResourceDefinitions: beside the bundle, or in the source tree above this file.
 * @throws configError `NoDefinitions` naming where it was looked for
 */
export function findCrds(given: string | undefined, moduleUrl: string): string {
  const here = dirname(fileURLToPath(moduleUrl));
  const candidates = given === undefined ? [join(here, 'crds'), join(here, '..', 'crds')] : [given];
  const found = candidates.find((folder) => existsSync(join(folder, 'devices.yaml')));
  if (found !== undefined) return found;
  const hint = 'name the folder that holds devices.yaml with --crds';
  throw configError('NoDefinitions', `Cannot find CustomResourceDefinitions in "${candidates.join('", "')}": ${hint}`);
}

/** Applies every definition of the folder, and resolves when the API server serves their kinds. */
export async function installCrds(folder: string, store: DefinitionStore, clock: Clock): Promise<void> {
  const definitions = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Definition);
  for (const definition of definitions) await store.applyDefinition(definition);
  for (const { metadata } of definitions) await established(metadata.name, store, clock);
}

async function established(name: string, store: DefinitionStore, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + 30_000;
  while (clock.monotonic() < deadline) {
    const { status } = await store.readDefinition(name);
    if (status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    await sleep(clock, millis(20));
  }
  throw transient('NotEstablished', `Cannot install "${name}": the API server does not serve it after 30 s`);
}
