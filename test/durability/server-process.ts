import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';

export interface ServerProcess {
  readonly config: KubeConfig;
  /** kill -9: nothing of it gets to finish. Resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Our API server as a process of its own on a directory that outlives it. Resolves when it serves. */
export async function startServer(directory: string): Promise<ServerProcess> {
  const program = join(import.meta.dirname, '../interop/kubectl/ours-main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the API server ended before it served, exit code ${code}`)));
  });
  const config = new KubeConfig();
  config.loadFromFile(join(directory, 'kubeconfig'));
  return {
    config,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
