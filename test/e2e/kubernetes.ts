import { delimiter, dirname, join } from 'node:path';
import { findKubePrograms, startRealApiServer } from '../kube/real-api-server.ts';
import { hasKubectl, skip } from '../support/kubectl.ts';
import { root, run } from '../support/run.ts';

/** The Kubernetes API that the product stands on in a test. */
export interface Kubernetes {
  /** The API server inside the product refuses a bad manifest at once; on a real one the Device carries the reason. */
  readonly kind: 'embedded' | 'real';
  /** For `selvedge up --kubeconfig`; absent: the product brings its own API server. */
  readonly kubeconfig?: string;
  /** What kubectl needs in its environment to be the one of that version; otherwise it is the one on the PATH. */
  readonly kubectlEnv: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * The API that `E2E_API` names: `embedded` (the default), or `real`: a kube-apiserver with the kinds installed as the README
 * says. Where a program is missing it says so in a line `skipped: ...` and ends the process; in CI that is a failure.
 */
export async function openKubernetes(): Promise<Kubernetes> {
  if (!(await hasKubectl())) skip('end-to-end tests need kubectl on the PATH');
  const wanted = process.env.E2E_API ?? 'embedded';
  if (wanted === 'embedded') return { kind: wanted, kubectlEnv: {}, stop: async () => {} };
  if (wanted !== 'real') throw new Error(`E2E_API is "${wanted}": it must be embedded or real`);
  const found = findKubePrograms();
  if ('missing' in found) return skip(`end-to-end tests on a real API server: ${found.missing}`);
  const server = await startRealApiServer(found.programs);
  const kinds = ['devices.yaml', 'devicemodels.yaml'].flatMap((file) => ['-f', join(root, 'crds', file)]);
  const kubectlEnv = { PATH: [dirname(found.programs.kubectl), process.env.PATH].join(delimiter) };
  const { code, stderr } = await run('kubectl', ['apply', ...kinds], { ...kubectlEnv, KUBECONFIG: server.kubeconfig });
  if (code !== 0) throw new Error(`kubectl apply of the kinds: ${stderr}`);
  return { kind: wanted, kubeconfig: server.kubeconfig, kubectlEnv, stop: () => server.stop() };
}
