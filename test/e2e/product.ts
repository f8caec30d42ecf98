import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const root = join(import.meta.dirname, '../..');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The whole product from its bundles, as `npm start` runs it, in a directory and on ports of its own. */
export class Product {
  readonly directory = mkdtempSync(join(tmpdir(), 'selvedge-e2e-'));
  readonly base: number;
  output = '';
  #child: ChildProcess | undefined;

  private constructor(base: number) {
    this.base = base;
  }

  static async start(): Promise<Product> {
    const product = new Product(await freeBase());
    await product.start();
    return product;
  }

  /** Starts it (again) and waits until it says that it is ready. */
  async start(): Promise<void> {
    this.output = '';
    const argv = ['dist/selvedge.mjs', 'up', '--dir', this.directory, '--ports', String(this.base)];
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    this.#child = child;
    await until(60_000, 'selvedge up is ready', async () => {
      if (child.exitCode !== null) throw new Error(`selvedge up ended with ${child.exitCode}:\n${this.output}`);
      return this.output.includes('export KUBECONFIG=');
    });
  }

  /** Ctrl-C. @returns the exit code */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null;
    const closed = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    child.kill('SIGINT');
    return closed;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  kubectl(...args: string[]): Promise<Ran> {
    return run('kubectl', args, { KUBECONFIG: join(this.directory, 'kubeconfig') });
  }

  /** kubectl with a manifest on standard input. */
  apply(manifest: unknown): Promise<Ran> {
    return run(
      'kubectl',
      ['apply', '-f', '-'],
      { KUBECONFIG: join(this.directory, 'kubeconfig') },
      JSON.stringify(manifest),
    );
  }

  selvedge(...args: string[]): Promise<Ran> {
    return run(process.execPath, ['dist/selvedge.mjs', ...args, '--dir', this.directory], { KUBECONFIG: '' });
  }

  /** The value of a simulated point, from the plant itself. */
  async point(device: string, point: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.base + 11}/points/${device}/${point}`);
    return ((await response.json()) as { value: unknown }).value;
  }

  /** Turns a knob on the plant. */
  async turn(device: string, point: string, value: unknown): Promise<void> {
    const body = JSON.stringify({ value });
    const response = await fetch(`http://127.0.0.1:${this.base + 11}/points/${device}/${point}`, {
      method: 'PUT',
      body,
    });
    if (!response.ok) throw new Error(`PUT ${device}/${point}: ${response.status} ${await response.text()}`);
  }

  pid(name: string): number {
    const record = JSON.parse(readFileSync(join(this.directory, 'run', `${name}.json`), 'utf8')) as { pid: number };
    return record.pid;
  }

  /** Processes whose command line or standard input configuration names our directory, and mappers below the gateway. */
  processes(): string[] {
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
      .flatMap((pid) => {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
          return line.includes(this.directory) ? [`${pid} ${line}`] : [];
        } catch {
          return [];
        }
      });
  }

  /** The condition of a device, as kubectl prints it: `True/Verified`. */
  async condition(device: string, type: string): Promise<string> {
    const path = `{.status.conditions[?(@.type=="${type}")].status}/{.status.conditions[?(@.type=="${type}")].reason}`;
    return (await this.kubectl('get', 'device', device, '-o', `jsonpath=${path}`)).stdout;
  }

  /** The value reported for a property. */
  async reported(device: string, property: string): Promise<string> {
    const path = `{.status.twins[?(@.propertyName=="${property}")].reported.value}`;
    return (await this.kubectl('get', 'device', device, '-o', `jsonpath=${path}`)).stdout;
  }
}

export function run(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  input?: string,
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { cwd: root, env: { ...process.env, ...env }, timeout: 30_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(input ?? '');
  });
}

export async function hasKubectl(): Promise<boolean> {
  return (await run('kubectl', ['version', '--client'], {})).code === 0;
}

/** Asks `check` every 50 ms. @throws Error naming `what` when it does not hold within `limitMs` */
export async function until(limitMs: number, what: string, check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(50);
  }
}

/** A port such that it and the fifteen after it are free just now. */
async function freeBase(): Promise<number> {
  for (let base = 20_000 + Math.floor(Math.random() * 20_000); ; base += 16) {
    const free = await Promise.all(Array.from({ length: 16 }, (_, offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
