import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { kubeBinFolder, onPath } from '../../kube/real-api-server.ts';

export interface Kubectl {
  /** `1.32`: names the folder of its recorded answers. */
  readonly version: string;
  readonly path: string;
}

/** The kubectl versions that the recorded answers exist for; a server must please both an old and a new one. */
export const kubectlVersions = ['1.32', '1.37'] as const;

/** kubectl of that minor version: the one on PATH or the one that `npm run kube:build` left, if it is that. */
export function findKubectl(version: string): Kubectl | undefined {
  const candidates = [join(kubeBinFolder(), 'kubectl')];
  const installed = onPath('kubectl');
  if (installed !== undefined) {
    // Google's Cloud SDK installs a dispatcher that takes another kubectl for another server; the versions lie beside it.
    candidates.push(join(dirname(realpathSync(installed)), `kubectl.${version}`), installed);
  }
  const path = candidates.find((candidate) => existsSync(candidate) && minorVersion(candidate) === version);
  return path === undefined ? undefined : { version, path };
}

function minorVersion(path: string): string {
  const text = execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8', timeout: 10_000 });
  const { clientVersion } = JSON.parse(text) as { clientVersion: { gitVersion: string } };
  return clientVersion.gitVersion.match(/^v(\d+\.\d+)\./)?.[1] ?? '';
}
