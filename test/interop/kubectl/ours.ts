import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from './run-scenario.ts';

/** Few, so that a watch from long ago is refused, as the list of actions has it. */
const maxEvents = '50';

/**
 * The project's own API server, fresh, in a process of its own: what it does to itself it does not do to the test.
 * @throws Error with its log when it ends before it serves
 */
export async function startOurs(): Promise<Target & { stop(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'selvedge-ours-'));
  const logFile = join(directory, 'log');
  const log = openSync(logFile, 'a');
  const program = join(import.meta.dirname, 'ours-main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, directory, maxEvents], {
    stdio: ['pipe', 'pipe', log],
  });
  closeSync(log);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes to our API server');
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    child.once('error', reject);
    ended.then(() => reject(new Error(`Our API server ended before it served:\n${readFileSync(logFile, 'utf8')}`)));
  });
  const { url, kubeconfig } = JSON.parse(line) as { url: string; kubeconfig: string };
  const stop = async () => {
    const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    stdin.end();
    await ended;
    clearTimeout(killer);
    rmSync(directory, { recursive: true, force: true });
  };
  return { name: 'ours', url, kubeconfig, stop };
}
