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

  for (const namespace of namespaces) {
    await until(`${target.name}: service account of "${namespace}"`, () =>
      api.readNamespacedServiceAccount({ name: 'default', namespace }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ApiException && error.code === 404) return false;
          throw error;
        },
      ),
    );
  }
  await until(`${target.name}: pumps`, async () => {
    const list = await http(config, { path: `/apis/${pumpGroup}/v1/pumps` });
    const described = await http(config, { path: '/openapi/v3' });
    const listed = await http(config, { path: '/apis' });
    return [list, described, listed].every(({ body }) => JSON.stringify(body).includes(pumpGroup));
  });
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`${what}: not there within 20 s`);
    await pause(50);
  }
}
