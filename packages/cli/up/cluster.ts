import { resolve } from 'node:path';
import { configError } from '@selvedge/base/errors';
import { type KubeAccess, readKubeconfig } from '../kube/kubeconfig.ts';
import type { Home, HomeMark } from './home.ts';

/** A cluster in place of the embedded API server. */
export interface ExternalCluster {
  /** Absolute path of its kubeconfig. */
  readonly kubeconfig: string;
  readonly access: KubeAccess;
}

/**
 * The cluster that is asked for, else the one of the last start from this directory; undefined for the embedded API server.
 * @throws configError `InvalidKubeconfig`; `OtherCluster` when the state belongs to the embedded API server
 */
export function externalCluster(home: Home, mark: HomeMark, given: string | undefined): ExternalCluster | undefined {
  const before = mark.settings?.kubeconfig;
  const kubeconfig = given === undefined ? before : resolve(given);
  if (typeof kubeconfig !== 'string') return undefined;
  // The gateway's certificate and its devices would be strangers there.
  if (mark.settings !== undefined && before === undefined) {
    const reason = `the state in "${home.directory}" belongs to the embedded API server`;
    const advice = 'name another directory with --dir, or begin anew with --reset';
    throw configError('OtherCluster', `Cannot use kubeconfig "${kubeconfig}": ${reason}; ${advice}`);
  }
  return { kubeconfig, access: readKubeconfig(kubeconfig) };
}
