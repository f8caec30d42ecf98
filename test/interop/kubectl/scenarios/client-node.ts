import { setTimeout as pause } from 'node:timers/promises';
import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  type KubernetesListObject,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';
import type { CallContext, Scenario } from '../action.ts';

const group = 'plant.example.com';
const version = 'v1';
const plural = 'pumps';
const body = (name: string, flow: number) => ({
  apiVersion: `${group}/${version}`,
  kind: 'Pump',
  metadata: { name },
  spec: { flow },
});

type Pumps = KubernetesListObject<KubernetesObject>;
type Pump = KubernetesObject & { spec: { flow: number }; status?: unknown };

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

/** Code and reason, which is what a controller decides by. */
async function refused(call: Promise<unknown>) {
  try {
    await call;
    return 'not refused';
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const status = JSON.parse(String(error.body)) as Record<string, unknown>;
    return { code: error.code, reason: status.reason, message: status.message };
  }
}

const custom = ({ config, namespace }: CallContext) => {
  const api = config.makeApiClient(CustomObjectsApi);
  const at = { group, version, namespace, plural };
  return { api, at };
};

export const clientNode: Scenario = {
  name: 'client-node',
  actions: [
    {
      name: 'create and read',
      call: async (context) => {
        const { api, at } = custom(context);
        await api.createNamespacedCustomObject({ ...at, body: body('north', 1) });
        return api.getNamespacedCustomObject({ ...at, name: 'north' });
      },
    },
    {
      name: 'create twice',
      call: (context) => {
        const { api, at } = custom(context);
        return refused(api.createNamespacedCustomObject({ ...at, body: body('north', 1) }));
      },
    },
    {
      name: 'read what is missing',
      call: (context) => {
        const { api, at } = custom(context);
        return refused(api.getNamespacedCustomObject({ ...at, name: 'missing' }));
      },
    },
    {
      name: 'replace with optimistic concurrency',
      call: async (context) => {
        const { api, at } = custom(context);
        const seen = (await api.getNamespacedCustomObject({ ...at, name: 'north' })) as Pump;
        const first = { ...seen, spec: { flow: 2 } };
        const { spec } = (await api.replaceNamespacedCustomObject({ ...at, name: 'north', body: first })) as Pump;
        const second = await refused(api.replaceNamespacedCustomObject({ ...at, name: 'north', body: first }));
        return { spec, second };
      },
    },
    {
      name: 'patch by merging',
      call: async (context) => {
        const { api, at } = custom(context);
        const patched = await api.patchNamespacedCustomObject(
          { ...at, name: 'north', body: { spec: { flow: 3 } } },
          merge,
        );
        return (patched as Pump).spec;
      },
    },
    {
      name: 'patch by JSON patch, the default',
      call: async (context) => {
        const { api, at } = custom(context);
        const operations = [{ op: 'replace', path: '/spec/flow', value: 4 }];
        return ((await api.patchNamespacedCustomObject({ ...at, name: 'north', body: operations })) as Pump).spec;
      },
    },
    {
      name: 'patch the status',
      call: async (context) => {
        const { api, at } = custom(context);
        const request = { ...at, name: 'north', body: { status: { running: true }, spec: { flow: 50 } } };
        const { spec, status } = (await api.patchNamespacedCustomObjectStatus(request, merge)) as Pump;
        return { spec, status };
      },
    },
    {
      name: 'patch with a stale version',
      call: (context) => {
        const { api, at } = custom(context);
        const stale = { metadata: { resourceVersion: '1' }, spec: { flow: 7 } };
        return refused(api.patchNamespacedCustomObject({ ...at, name: 'north', body: stale }, merge));
      },
    },
    {
      name: 'apply on the server',
      call: async ({ config, namespace }) => {
        const api = KubernetesObjectApi.makeApiClient(config);
        const wanted = { ...body('applied', 5), metadata: { name: 'applied', namespace } };
        return api.patch(wanted, undefined, undefined, 'controller', true, PatchStrategy.ServerSideApply);
      },
    },
    {
      name: 'apply in conflict',
      call: ({ config, namespace }) => {
        const api = KubernetesObjectApi.makeApiClient(config);
        const wanted = { ...body('applied', 6), metadata: { name: 'applied', namespace } };
        return refused(api.patch(wanted, undefined, undefined, 'other', false, PatchStrategy.ServerSideApply));
      },
    },
    {
      name: 'list',
      call: async (context) => {
        const { api, at } = custom(context);
        const { items, kind } = (await api.listNamespacedCustomObject(at)) as Pumps;
        return { kind, names: items.map(({ metadata }) => metadata?.name) };
      },
    },
    {
      name: 'watch and abort',
      call: async ({ config, namespace }) => {
        const seen: string[] = [];
        const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
        const controller = await new Promise<AbortController>((resolve, reject) => {
          const starting = new Watch(config).watch(
            path,
            { resourceVersion: '0' },
            (type: string, object: KubernetesObject) => {
              seen.push(`${type} ${object.metadata?.name}`);
              if (seen.length === 2) starting.then(resolve, reject);
            },
            () => undefined,
          );
        });
        controller.abort();
        return seen.sort();
      },
    },
    {
      name: 'an informer from beginning to end, with a restart',
      call: async (context) => {
        const { config, namespace } = context;
        const { api, at } = custom(context);
        const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
        const list = async () => (await api.listNamespacedCustomObject(at)) as Pumps;
        const informer = makeInformer(config, path, list);
        const seen: string[] = [];
        // Stopping aborts the request, which the informer reports, sooner or later.
        const failures = new Set<string>();
        for (const verb of ['add', 'update', 'delete'] as const) {
          informer.on(verb, (object) => {
            seen.push(`${verb} ${object.metadata?.name} ${(object as Pump).spec.flow}`);
          });
        }
        informer.on('error', (error) => {
          failures.add(error instanceof Error ? error.constructor.name : typeof error);
        });
        const until = async (count: number) => {
          const deadline = performance.now() + 10_000;
          while (seen.length < count && performance.now() < deadline) await pause(10);
        };
        await informer.start();
        await until(2);
        await api.createNamespacedCustomObject({ ...at, body: body('late', 1) });
        await until(3);
        await api.patchNamespacedCustomObject({ ...at, name: 'late', body: { spec: { flow: 2 } } }, merge);
        await until(4);
        await informer.stop();
        await api.patchNamespacedCustomObject({ ...at, name: 'late', body: { spec: { flow: 3 } } }, merge);
        await informer.start();
        await until(5);
        await api.deleteNamespacedCustomObject({ ...at, name: 'late' });
        await until(6);
        await informer.stop();
        return { first: seen.slice(0, 2).sort(), later: seen.slice(2), failures: [...failures] };
      },
    },
    {
      name: 'typed objects',
      call: async ({ config, namespace }) => {
        const api = config.makeApiClient(CoreV1Api);
        await api.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'typed' }, data: { a: '1' } } });
        await api.createNamespacedSecret({ namespace, body: { metadata: { name: 'typed' }, stringData: { a: 'x' } } });
        const map = await api.readNamespacedConfigMap({ name: 'typed', namespace });
        const secret = await api.readNamespacedSecret({ name: 'typed', namespace });
        const made = map.metadata?.creationTimestamp instanceof Date;
        return { data: map.data, made, secret: secret.data, type: secret.type };
      },
    },
    {
      name: 'an event',
      call: async ({ config, namespace }) => {
        const api = config.makeApiClient(CoreV1Api);
        const involvedObject = { apiVersion: `${group}/${version}`, kind: 'Pump', name: 'north', namespace };
        const event = await api.createNamespacedEvent({
          namespace,
          body: {
            metadata: { name: 'north.1' },
            involvedObject,
            reason: 'Seen',
            message: 'm',
            type: 'Normal',
            count: 1,
          },
        });
        return { reason: event.reason, count: event.count, source: event.source };
      },
    },
    {
      name: 'list in pages',
      call: async ({ config, namespace }) => {
        const api = config.makeApiClient(CoreV1Api);
        for (const name of ['x', 'y', 'z'])
          await api.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
        const names: (string | undefined)[] = [];
        let more: string | undefined;
        do {
          const page = await api.listNamespacedConfigMap({
            namespace,
            limit: 2,
            ...(more === undefined ? {} : { _continue: more }),
          });
          names.push(...page.items.map(({ metadata }) => metadata?.name), '|');
          more = page.metadata?._continue;
        } while (more !== undefined && more !== '');
        return names;
      },
    },
    {
      name: 'delete with a precondition',
      call: async (context) => {
        const { api, at } = custom(context);
        const preconditions = { resourceVersion: '1' };
        const wrong = await refused(
          api.deleteNamespacedCustomObject({ ...at, name: 'north', body: { preconditions } }),
        );
        const answer = await api.deleteNamespacedCustomObject({ ...at, name: 'north' });
        return { wrong: typeof wrong === 'object' ? wrong.code : wrong, answer };
      },
    },
    {
      name: 'delete a collection',
      call: async (context) => {
        const { api, at } = custom(context);
        await api.deleteCollectionNamespacedCustomObject(at);
        return ((await api.listNamespacedCustomObject(at)) as Pumps).items.length;
      },
    },
  ],
};
