import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Whether SQLite opens, tried in a process of its own: a native module that does not fit can kill the one that loads it.
 *
 * @param {string} root  folder of the project
 * @returns {{ installed: boolean, name?: string, problem?: string }} `installed`: the packages are there, compiled or not
 */
export function probeSqlite(root) {
  const args = ['--import', 'tsx', join(root, 'scripts', 'sqlite-probe.ts')];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) return { installed: false, problem: signal ? `ended by ${signal}` : stderr.trim() };
  const { name, problem } = JSON.parse(stdout);
  return { installed: existsSync(join(root, 'node_modules', name)), name, problem };
}

/**
 * Fetches or compiles the native half of a better-sqlite3 package, with the script that its authors wrote for that.
 *
 * @returns {string | undefined} why it failed, in words for the person at the terminal
 */
export function compileSqlite(root, name, [command, ...args]) {
  const cwd = join(root, 'node_modules', name);
  const { scripts } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
  const script = scripts.install ? 'install' : 'build-release';
  const options = { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };
  const { status, error, stdout, stderr } = spawnSync(command, [...args, 'run', script], options);
  if (status === 0) return undefined;
  if (error) return `${command}: ${error.message}`;
  const missing = missingTools(process.env);
  if (missing.length === 0) return `${lastLines(`${stdout}${stderr}`, 30)}\n(npm run ${script} in ${cwd}; see above)`;
  return (
    `no ${missing.join(', no ')} on PATH; install what compiles C++ (Debian, Ubuntu, Raspberry Pi OS: ` +
    'sudo apt install build-essential python3) and try again, or use Node 22.14 or newer, which needs no compiler'
  );
}

/**
 * What node-gyp needs and does not find.
 *
 * @param {{ PATH?: string, PYTHON?: string, CXX?: string }} environment
 */
export function missingTools({ PATH = '', PYTHON, CXX }) {
  const isThere = (program) => PATH.split(delimiter).some((folder) => isExecutable(join(folder, program)));
  const missing = [];
  if (!PYTHON && !isThere('python3')) missing.push('python3');
  if (!isThere('make')) missing.push('make');
  if (!CXX && !['c++', 'g++'].some(isThere)) missing.push('C++ compiler (g++)');
  return missing;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');
