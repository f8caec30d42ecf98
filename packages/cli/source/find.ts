import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { transient } from '@selvedge/base/errors';
import { KubeClient } from '../kube/client.ts';
import { readKubeconfig } from '../kube/kubeconfig.ts';
import { GatewaySource } from './gateway-source.ts';
import { KubeSource } from './kube-source.ts';
import type { DeviceSource } from './source.ts';

/** Flags that say whom to ask. */
export interface Whom {
  readonly dir: string;
  readonly kubeconfig?: string;
  readonly gateway?: string;
}

/** The kubeconfig to use: the flag's, then the environment's, then the one of the state directory. */
export function findKubeconfig(whom: Whom, environment: string | undefined): string | undefined {
  const local = join(whom.dir, 'kubeconfig');
  return whom.kubeconfig ?? (environment || undefined) ?? (existsSync(local) ? local : undefined);
}

/**
 * Whom to ask about devices: the gateway that `--gateway` names; else the Kubernetes API of a kubeconfig; else the gateway of the
 * state directory. @throws transient `NothingRuns`
 */
export function findSource(whom: Whom, environment: string | undefined): DeviceSource {
  if (whom.gateway !== undefined) return new GatewaySource(gatewayFolder(whom.gateway));
  const kubeconfig = findKubeconfig(whom, environment);
  if (kubeconfig !== undefined) return new KubeSource(new KubeClient(readKubeconfig(kubeconfig)));
  const folder = gatewayFolder(whom.dir);
  if (existsSync(join(folder, 'gateway.sock'))) return new GatewaySource(folder);
  throw transient(
    'NothingRuns',
    `Cannot find a cluster or gateway: no --kubeconfig, no $KUBECONFIG, nothing in "${whom.dir}"; start one with \`selvedge up\`, or name it with --dir`,
  );
}

/** The directory that holds a gateway's socket: the one named, or `gateway` in a state directory. */
export function gatewayFolder(directory: string): string {
  return existsSync(join(directory, 'gateway')) ? join(directory, 'gateway') : directory;
}
