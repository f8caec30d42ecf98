import { resolve } from 'node:path';
import { configError } from '@selvedge/base/errors';
import { type KubeAccess, readKubeconfig } from '../kube/kubeconfig.ts';
import type { Home, HomeMark } from './home.ts';
import { defaultPorts, type Ports } from './ports.ts';

/** What a person may say at a start. */
export interface Asked {
  readonly ports?: Ports;
  /** A plant file; false for no plant. */
  readonly plant?: string | false;
  /** A cluster to use in place of the embedded API server. */
  readonly kubeconfig?: string;
}

/** What a start uses: what it is asked for, else what the last start from the directory used. */
export interface Choices {
  readonly ports: Ports;
  /** Absolute path; false for no plant; absent for the default plant with its sample devices. */
  readonly plantFile?: string | false;
  /** Absent: the embedded API server. */
  readonly cluster?: { readonly kubeconfig: string; readonly access: KubeAccess };
}

/** @throws configError `InvalidKubeconfig`; `OtherCluster` when the state belongs to the embedded API server */
export function choose(home: Home, mark: HomeMark, asked: Asked): Choices {
  const { plantFile } = mark.settings ?? {};
  const plant = asked.plant ?? (typeof plantFile === 'string' || plantFile === false ? plantFile : undefined);
  const cluster = externalCluster(home, mark, asked.kubeconfig);
  return {
    ports: asked.ports ?? rememberedPorts(mark) ?? defaultPorts,
    ...(plant === undefined ? {} : { plantFile: plant === false ? plant : resolve(plant) }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

/** The choices as the directory remembers them. */
export function remembered({ ports, plantFile, cluster }: Choices): NonNullable<HomeMark['settings']> {
  return {
    ...ports,
    ...(plantFile === undefined ? {} : { plantFile }),
    ...(cluster === undefined ? {} : { kubeconfig: cluster.kubeconfig }),
  };
}

function rememberedPorts({ settings }: HomeMark): Ports | undefined {
  const { api, hub, enrolment, mqtt, plant } = (settings ?? {}) as Partial<Record<keyof Ports, number>>;
  if (!api || !hub || !enrolment || !mqtt || !plant) return undefined;
  return { api, hub, enrolment, mqtt, plant };
}

function externalCluster(home: Home, mark: HomeMark, asked: string | undefined): Choices['cluster'] {
  const before = mark.settings?.kubeconfig;
  const kubeconfig = asked === undefined ? before : resolve(asked);
  if (typeof kubeconfig !== 'string') return undefined;
  // The gateway's certificate and its devices would be strangers there.
  if (mark.settings !== undefined && before === undefined) {
    const reason = `the state in "${home.directory}" belongs to the embedded API server`;
    const advice = 'name another directory with --dir, or begin anew with --reset';
    throw configError('OtherCluster', `Cannot use kubeconfig "${kubeconfig}": ${reason}; ${advice}`);
  }
  return { kubeconfig, access: readKubeconfig(kubeconfig) };
}
