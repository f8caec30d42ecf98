import { type ChildProcess, spawn } from 'node:child_process';
import { signal } from '../../packages/cli/up/proc.ts';
import { descendantsOf, type FamilyMember } from './process-tree.ts';
import { root } from './run.ts';
import { until } from './until.ts';

/** A program of the project's root that runs until somebody ends it, as in a terminal of its own, and what it says there. */
export class Running {
  readonly #name: string;
  readonly #child: ChildProcess;
  #output = '';
  #closed = false;

  constructor(program: string, args: readonly string[]) {
    this.#name = [program, ...args.slice(0, 2)].join(' ');
    this.#child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own: Ctrl-C reaches every process of it, as a terminal does it.
      detached: true,
      env: { ...process.env, KUBECONFIG: '' },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    // A test that ends early must not leave it behind.
    const killAtExit = () => this.#signalGroup('SIGKILL');
    process.once('exit', killAtExit);
    this.#child.once('close', () => {
      this.#closed = true;
      process.removeListener('exit', killAtExit);
    });
  }

  /** The `selvedge` command, from its bundle. */
  static selvedge(...args: string[]): Running {
    return new Running(process.execPath, ['dist/selvedge.mjs', ...args]);
  }

  /** What it has said so far, on both streams. */
  get output(): string {
    return this.#output;
  }

  /** Null while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** What it has started and runs now, and what that has started. */
  family(): FamilyMember[] {
    return descendantsOf(this.#child.pid ?? process.pid);
  }

  /** @throws Error with what it said, when it ends instead */
  async says(text: string | RegExp): Promise<void> {
    await until(60_000, `${this.#name} says ${text}`, async () => {
      if (typeof text === 'string' ? this.#output.includes(text) : text.test(this.#output)) return true;
      if (this.#closed) throw new Error(`${this.#name} ended without saying ${text}:\n${this.#output}`);
      return false;
    });
  }

  /** Waits until it has ended. @returns its exit code */
  async ended(): Promise<number | null> {
    await until(30_000, `${this.#name} has ended`, async () => this.#closed);
    return this.exitCode;
  }

  /** Ctrl-C. @returns its exit code */
  interrupt(): Promise<number | null> {
    this.#signalGroup('SIGINT');
    return this.ended();
  }

  /** kill -9, of itself alone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended();
  }

  #signalGroup(name: NodeJS.Signals): void {
    if (!this.#closed && this.#child.pid !== undefined) signal(-this.#child.pid, name);
  }
}
