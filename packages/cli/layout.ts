import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type ProgramName = 'cloud' | 'gateway' | 'hil-sim';

/** Where the other programs and their data lie, seen from this one: all bundled in one folder, or all in the source tree. */
export interface Layout {
  /** Folder that holds `crds/`, `hil-sim/plants/` and `mappers/`, the bundles' or the project's. */
  readonly root: string;
  readonly version: string;
  /** Arguments for node that start the program. */
  program(name: ProgramName): string[];
  /** Arguments for node that end a process when the one that started it is gone (up/leash.ts). */
  readonly leash: string[];
}

/** @param self  `import.meta.url` of packages/cli/main.ts or of its bundle */
export function findLayout(self: string): Layout {
  const file = fileURLToPath(self);
  const bundled = basename(file) !== 'main.ts';
  const root = bundled ? dirname(file) : dirname(dirname(dirname(file)));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  if (bundled) {
    return {
      root,
      version,
      program: (name) => [join(root, `${name}.mjs`)],
      leash: ['--import', join(root, 'leash.mjs')],
    };
  }
  return {
    root,
    version,
    program: (name) => [join(root, name, 'main.ts')],
    leash: ['--import', 'tsx', '--import', join(root, 'packages', 'cli', 'up', 'leash.ts')],
  };
}

/** Samples of one mapper, in the order in which they must be applied. */
export const sampleFolder = (layout: Layout, mapper: string): string => join(layout.root, 'mappers', mapper, 'samples');

/** The plant that `selvedge up` runs when it is given no other. */
export const defaultPlant = (layout: Layout): string => join(layout.root, 'hil-sim', 'plants', 'boiler.yaml');

/** Whether the program is there: a bundle may be missing when somebody builds one room alone. */
export const hasProgram = (layout: Layout, name: ProgramName): boolean => existsSync(layout.program(name)[0] ?? '');
