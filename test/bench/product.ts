import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The whole product, started from its bundles as `npm start` does it, in a directory of its own. */
export interface Product {
  readonly directory: string;
  readonly kubeconfig: string;
  readonly plantPort: number;
  /** Process id of `cloud`, `gateway` or `hil-sim`, as it is now. */
  pid(name: string): number;
  /** Process id of the gateway's Modbus mapper. */
  mapperPid(): number;
  stop(): Promise<void>;
}

/** Starts `selvedge up` with the plant of the benchmarks. @throws Error when it is not ready within a minute */
export async function startProduct(basePort: number): Promise<Product> {
  const directory = mkdtempSync(join(tmpdir(), 'selvedge-bench-'));
  const plant = join(root, 'hil-sim/plants/hundred.yaml');
  const argv = ['dist/selvedge.mjs', 'up', '--dir', directory, '--ports', String(basePort), '--plant', plant];
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  await ready(child);
  const pid = (name: string) => {
    const record = JSON.parse(readFileSync(join(directory, 'run', `${name}.json`), 'utf8')) as { pid?: number };
    if (record.pid === undefined) throw new Error(`${name} does not run`);
    return record.pid;
  };
  return {
    directory,
    kubeconfig: join(directory, 'kubeconfig'),
    plantPort: basePort + 10,
    pid,
    mapperPid: () => childrenOf(pid('gateway'))[0] ?? Number.NaN,
    stop: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGINT');
      await closed;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`selvedge up is not ready after a minute:\n${output}`)), 60_000);
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes('export KUBECONFIG=')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('exit', (code) => reject(new Error(`selvedge up ended with code ${code}:\n${output}`)));
  });
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

/** Field 4 of /proc/PID/stat, after the name in parentheses; undefined when the process is gone. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** Memory of a process in MB: resident, and its proportional share (/proc/PID/smaps_rollup). */
export function memoryOf(pid: number): { rss: number; pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytes = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024;
  return { rss: megabytes('Rss'), pss: megabytes('Pss') };
}
