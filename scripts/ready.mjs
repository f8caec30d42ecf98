import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installFingerprint, readIfThere, sourceFingerprint } from './freshness.mjs';
import { holdName } from './hold-name.mjs';
import { compileSqlite, probeSqlite } from './sqlite.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = [20, 20];
const installMark = join(root, 'node_modules', '.selvedge-installed');
const buildMark = join(root, 'dist', '.built');

/**
 * Makes the checkout ready to run: Node new enough, dependencies installed, SQLite fit for this Node, with `build` the bundles
 * built. Says and does nothing when nothing is to do; ends the process with a sentence when it cannot.
 */
export async function makeReady({ build }) {
  try {
    checkNode();
    if (isInstalled() && (!build || isBuilt())) return;
    accessSync(root, constants.W_OK);
    // Two terminals may both begin with a fresh clone.
    const release = await holdName(`selvedge-ready ${root}`, () =>
      say('waiting for another process that installs here'),
    );
    if (!isInstalled()) install();
    if (build && !isBuilt()) run(process.execPath, join(root, 'scripts', 'build.mjs'));
    await release();
  } catch (error) {
    stop(error);
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > wanted[0] || (major === wanted[0] && minor >= wanted[1])) return;
  throw new Unready(
    `Cannot run on Node ${process.versions.node} (${process.execPath}): ${wanted.join('.')} or newer is needed; ` +
      'install it from https://nodejs.org and try again',
    78,
  );
}

const isInstalled = () => readIfThere(installMark) === installFingerprint(root);

const isBuilt = () => readIfThere(buildMark) === sourceFingerprint(root);

function install() {
  const fingerprint = installFingerprint(root);
  let sqlite = installedByHand() ? probeSqlite(root) : { installed: false };
  if (!sqlite.installed) {
    say('installing dependencies (npm ci)');
    // No script of a dependency runs: what has to be compiled, we compile below, and can say what went wrong. A user's own
    // settings, or NODE_ENV=production, may leave out kinds of dependencies that we need.
    run(
      ...npm(),
      'ci',
      '--ignore-scripts',
      '--include=dev',
      '--include=optional',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    );
    sqlite = probeSqlite(root);
  }
  if (sqlite.problem && sqlite.installed) {
    say(`compiling SQLite for Node ${process.versions.node}; this takes a minute or two, once`);
    const failure = compileSqlite(root, sqlite.name, npm());
    if (failure) throw new Unready(`Cannot compile SQLite (${sqlite.name}): ${failure}`, 69);
    sqlite = probeSqlite(root);
  }
  if (sqlite.problem) throw new Unready(`Cannot use what npm ci installed: ${sqlite.problem}`, 69);
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

/** The npm that runs us (npx is another program), so that its version and settings hold; else the one on PATH. */
function npm() {
  const ours = process.env.npm_execpath;
  return ours?.endsWith('npm-cli.js') ? [process.execPath, ours] : ['npm'];
}

function run(command, ...args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw new Unready(`Cannot run "${command}": ${error.message}; is it on PATH?`, 69);
  if (status === 0) return;
  const how = signal ? `was ended by ${signal}` : `ended with code ${status}`;
  throw new Unready(`Cannot go on: "${[command, ...args].join(' ')}" ${how}; see above`, 69);
}

function say(text) {
  process.stderr.write(`selvedge: ${text}\n`);
}

/** A reason for which the checkout cannot be made ready, with the exit code. */
class Unready extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

function stop(error) {
  if (error instanceof Unready) {
    say(error.message);
    process.exit(error.exitCode);
  }
  const { code, path, syscall } = error;
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(code)) throw error;
  const remedy =
    code.startsWith('EN') || code === 'EDQUOT' ? 'make room' : 'run it as the owner, or from a copy of your own';
  say(`Cannot install or build as ${userInfo().username}: ${syscall} "${path}": ${code}; ${remedy}`);
  process.exit(69);
}
