/**
 * Writes everything in the project that is generated: crds/*.yaml, crds/protocols/*.json, docs/topics.md,
 * docs/configuration.md, the option tables in the mappers' READMEs.
 * With `--check` writes nothing and fails when a committed file differs from a fresh generation.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crdFiles } from '../crds/files.ts';
import { protocolSchemas } from '../crds/protocols.ts';
import { withOptionTables } from './options-table.ts';
import { settingsDocument } from './settings-document.ts';
import { topicsDocument } from './topics-document.ts';

const check = process.argv.includes('--check');
const root = join(import.meta.dirname, '..');
const files = new Map<string, string>([
  ['docs/topics.md', topicsDocument()],
  ['docs/configuration.md', settingsDocument()],
]);
for (const [name, text] of crdFiles()) files.set(join('crds', name), text);
for (const schema of protocolSchemas) {
  const readme = `mappers/${schema.protocol}/README.md`;
  files.set(readme, withOptionTables(read(readme) ?? '', schema));
}

const stale: string[] = [];
for (const [name, text] of files) {
  const path = join(root, name);
  if (read(path) === text) continue;
  stale.push(name);
  if (check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

if (check && stale.length > 0) {
  console.error(`Generated files are stale: ${stale.join(', ')}; run npm run generate and commit them`);
  process.exit(1);
}
console.log(check ? `${files.size} generated files are up to date` : `${stale.length} of ${files.size} files written`);

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
