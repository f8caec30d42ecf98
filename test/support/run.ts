import { execFile } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the project's root to its end, at most 30 s. Never rejects: a failure is an exit code. */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...env }, timeout: 30_000 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    // A program that ends without reading its input breaks the pipe; its exit code says why it ended.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The `selvedge` command, knowing of no cluster but the one that its arguments name. */
export const selvedge = (...args: string[]): Promise<Ran> =>
  run(process.execPath, ['dist/selvedge.mjs', ...args], { KUBECONFIG: '' });
