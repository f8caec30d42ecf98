/**
 * Bundles each process into one file under dist/, with the data that it reads beside it at the same relative place as in the
 * source tree: dist/ and the project root look alike to a program. An entry point that does not exist is passed over.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { sourceFingerprint } from './freshness.mjs';
import { holdName } from './hold-name.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

// Native modules are found in node_modules, as is SQLite (packages/base/sqlite.ts); the last two are optional speed-ups that
// ws asks for and we do not install.
const external = ['koffi', '@serialport/bindings-cpp', 'bufferutil', 'utf-8-validate'];

// CommonJS libraries inside an ES module still expect these three.
const banner = `import { createRequire as __createRequire } from 'node:module';
import { fileURLToPath as __fileURLToPath } from 'node:url';
import { dirname as __dirnameOf } from 'node:path';
const require = __createRequire(import.meta.url), __filename = __fileURLToPath(import.meta.url), __dirname = __dirnameOf(__filename);`;

const mappers = readdirSync(join(root, 'mappers')).filter((name) => existsSync(join(root, 'mappers', name, 'main.ts')));

const entries = [
  ['packages/cli/main.ts', 'selvedge.mjs'],
  ['packages/cli/up/leash.ts', 'leash.mjs'],
  ['cloud/main.ts', 'cloud.mjs'],
  ['gateway/main.ts', 'gateway.mjs'],
  ['hil-sim/main.ts', 'hil-sim.mjs'],
  ...mappers.map((name) => [`mappers/${name}/main.ts`, `mappers/${name}/main.mjs`]),
];

const data = ['crds', 'hil-sim/plants', ...mappers.map((name) => `mappers/${name}/samples`)];

await holdName(`selvedge-build ${root}`, () => console.error('build: waiting for another build'));
// What this build has put into dist/.
const written = new Set();
// Taken first: a file that changes while we build makes the next run build again.
const fingerprint = sourceFingerprint(root);
const started = performance.now();
const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const present = entries.filter(([source]) => {
  if (existsSync(join(root, source))) return true;
  console.error(`build: no ${source}, passed over`);
  return false;
});
const built = await Promise.all(present.map(([source, target]) => bundle(source, target)));
for (const folder of data) copyData(folder);
write('package.json', describe(name));
for (const mapper of mappers) write(`mappers/${mapper}/package.json`, mapperPackage(mapper));
removeWhatIsOld('');
write('.built', fingerprint);
const total = built.reduce((sum, bytes) => sum + bytes, 0);
console.error(
  `build: ${present.length} bundles, ${(total / 1e6).toFixed(1)} MB, ${Math.round(performance.now() - started)} ms`,
);

async function bundle(source, target) {
  const name = target.slice(0, -'.mjs'.length);
  const result = await build({
    entryPoints: [{ in: join(root, source), out: name }],
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported only when it is needed stays a file of its own: source text is kept in memory, read or not.
    splitting: true,
    chunkNames: `${name}-[hash]`,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Names stay, for stack traces. Renaming and then restoring them (`keepNames`) would cost a call for each closure made.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: banner },
    external,
    logLevel: 'warning',
    absWorkingDir: root,
  });
  for (const { path, contents } of result.outputFiles) write(path.slice(dist.length + 1), contents);
  return result.outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
}

/** YAML and JSON only: the TypeScript that stands among it is in the bundles. */
function copyData(folder) {
  if (!existsSync(join(root, folder))) return;
  for (const name of readdirSync(join(root, folder), { recursive: true })) {
    const path = join(folder, name);
    if (/\.(json|ya?ml)$/.test(path) && !/node_modules|package\.json$/.test(path)) {
      write(path, readFileSync(join(root, path)));
    }
  }
}

/** A mapper's package.json tells the gateway's supervisor what it is, so what it says about itself is kept. */
function mapperPackage(mapper) {
  const source = JSON.parse(readFileSync(join(root, 'mappers', mapper, 'package.json'), 'utf8'));
  const { dependencies: _, exports: __, ...rest } = source;
  return `${JSON.stringify({ ...rest, main: 'main.mjs' }, null, 2)}\n`;
}

function describe(packageName) {
  return `${JSON.stringify({ name: packageName, version, license, private: true, type: 'module' }, null, 2)}\n`;
}

/** Whole or not at all: somebody may be starting the program that we replace. */
function write(path, contents) {
  const target = join(dist, path);
  mkdirSync(dirname(target), { recursive: true });
  const temporary = `${target}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, target);
  written.add(path);
}

/** Of an earlier build: a chunk by another name, a mapper that is gone and that the gateway would still find and start. */
function removeWhatIsOld(folder) {
  for (const entry of readdirSync(join(dist, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeWhatIsOld(path);
    else if (!written.has(path)) rmSync(join(dist, path));
  }
  if (folder !== '' && readdirSync(join(dist, folder)).length === 0) rmdirSync(join(dist, folder));
}
