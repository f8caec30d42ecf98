/**
 * Makes the checkout ready to run: Node new enough, dependencies installed, SQLite fit for this Node, with `--build` the
 * bundles built. npm calls it before `npm start` and `npm test`. Says and does nothing when nothing is to do.
 */
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installFingerprint, readIfThere, sourceFingerprint } from './freshness.mjs';
import { compileSqlite, probeSqlite } from './sqlite.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = [20, 20];
const installMark = join(root, 'node_modules', '.selvedge-installed');
const buildMark = join(root, 'dist', '.built');

checkNode();
ensureInstalled();
if (process.argv.includes('--build')) ensureBuilt();

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > wanted[0] || (major === wanted[0] && minor >= wanted[1])) return;
  fail(
    `Cannot run on Node ${process.versions.node} (${process.execPath}): ${wanted.join('.')} or newer is needed; ` +
      'install it from https://nodejs.org and try again',
    78,
  );
}

function ensureInstalled() {
  const fingerprint = installFingerprint(root);
  if (readIfThere(installMark) === fingerprint) return;
  let sqlite = installedByHand() ? probeSqlite(root) : { installed: false };
  if (!sqlite.installed) {
    say('installing dependencies (npm ci)');
    // No script of a dependency runs: what has to be compiled, we compile below, and can say what went wrong.
    run(...npm(), 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
    sqlite = probeSqlite(root);
  }
  if (sqlite.problem && sqlite.installed) {
    say(`compiling SQLite for Node ${process.versions.node}; this takes a minute or two, once`);
    const failure = compileSqlite(root, sqlite.name, npm());
    if (failure) fail(`Cannot compile SQLite (${sqlite.name}): ${failure}`, 69);
    sqlite = probeSqlite(root);
  }
  if (sqlite.problem) fail(`Cannot use what npm ci installed: ${sqlite.problem}`, 69);
  writeFileSync(installMark, fingerprint);
}

/** Whether somebody ran npm themselves: its own record is not older than the lock file. */
function installedByHand() {
  try {
    const record = statSync(join(root, 'node_modules', '.package-lock.json'));
    const lock = statSync(join(root, 'package-lock.json'));
    // npm writes its record just before it touches the lock file.
    return record.mtimeMs + 60_000 >= lock.mtimeMs;
  } catch {
    return false;
  }
}

function ensureBuilt() {
  if (readIfThere(buildMark) === sourceFingerprint(root)) return;
  run(process.execPath, join(root, 'scripts', 'build.mjs'));
}

/** The npm that runs us, so that its version and settings hold; else the one on PATH. */
function npm() {
  const ours = process.env.npm_execpath;
  return ours?.endsWith('.js') ? [process.execPath, ours] : ['npm'];
}

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) fail(`Cannot run ${command}: ${error.message}`, 69);
  if (status !== 0) fail(`Cannot go on: ${[command, ...args].join(' ')} ended with code ${status}; see above`, 69);
}

function say(text) {
  process.stderr.write(`selvedge: ${text}\n`);
}

function fail(text, code) {
  say(text);
  process.exit(code);
}
