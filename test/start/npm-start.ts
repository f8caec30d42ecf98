import { type ChildProcess, spawn } from 'node:child_process';
import { signal } from '../../packages/cli/up/proc.ts';
import { descendantsOf, type FamilyMember } from '../support/process-tree.ts';
import { root } from '../support/run.ts';
import { until } from '../support/until.ts';

/** `npm start` in a terminal of its own, as far as signals go: Ctrl-C there reaches every process of its group. */
export class NpmStart {
  readonly #child: ChildProcess;
  #output = '';
  #closed = false;

  /** @param flags  what follows `npm start --` */
  constructor(...flags: string[]) {
    this.#child = spawn('npm', ['start', '--', ...flags], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, KUBECONFIG: '' },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    this.#child.once('close', () => {
      this.#closed = true;
    });
  }

  /** What it has said so far, on both streams. */
  get output(): string {
    return this.#output;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** npm, what it started, and what those started. */
  family(): FamilyMember[] {
    return descendantsOf(this.#child.pid ?? process.pid);
  }

  /** @throws Error with what it said, when it ends instead */
  async says(text: string | RegExp): Promise<void> {
    await until(60_000, `npm start says ${text}`, async () => {
      if (this.#output.search(text) >= 0) return true;
      if (this.#closed) throw new Error(`npm start ended without saying ${text}:\n${this.#output}`);
      return false;
    });
  }

  async ended(): Promise<void> {
    await until(30_000, 'npm start has ended', async () => this.#closed);
  }

  /** Ctrl-C. */
  async interrupt(): Promise<void> {
    if (!this.#closed && this.#child.pid !== undefined) signal(-this.#child.pid, 'SIGINT');
    await this.ended();
  }
}
