import { setTimeout as pause } from 'node:timers/promises';
import { ApiException, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { http } from './http.ts';
import { pumpCrd, pumpGroup } from './pumps.ts';
import type { Target } from './run-scenario.ts';

/**
 * Brings a fresh server to where the scenarios begin: the namespaces with the service account that a pod needs, and the
 * custom kind, served and described. A server may take a moment for each; how long is not compared.
 */
export async function prepare(target: Target, namespaces: readonly string[]): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(target.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const created = await http(config, { method: 'POST', path, body: parse(pumpCrd) });
  if (created.status !== 201)
    throw new Error(`${target.name}: the test CRD is refused: ${JSON.stringify(created.body)}`);
  for (const name of namespaces) await api.createNamespace({ body: { metadata: { name } } });

  const last = namespaces.at(-1) ?? 'default';
  await patiently(() =>
    api.readNamespacedServiceAccount({ name: 'default', namespace: last }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ApiException && error.code === 404) return false;
        throw error;
      },
    ),
  );
  await patiently(async () => {
    const list = await http(config, { path: `/apis/${pumpGroup}/v1/pumps` });
    const described = await http(config, { path: '/openapi/v3' });
    const listed = await http(config, { path: '/apis' });
    return [list, described, listed].every(({ body }) => JSON.stringify(body).includes(pumpGroup));
  });
}

/** Waits up to 5 s. A server that lacks the thing is not refused: what it answers without it shows in the comparison. */
async function patiently(done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await done()) && performance.now() < deadline) await pause(50);
}
