import type { Scenario } from '../action.ts';
import { http, watchEvents } from '../http.ts';
import { configMap, pump } from '../pumps.ts';

const pumps = '/apis/plant.example.com/v1/namespaces/watch/pumps';

export const watch: Scenario = {
  name: 'watch',
  files: {
    'one.yaml': configMap('one', '{a: "1"}', 'labels: {seen: "yes"}'),
    'pump.yaml': pump('north', '{flow: 10}'),
  },
  actions: [
    { name: 'create', kubectl: 'create -f one.yaml -f pump.yaml' },
    { name: 'watch a table', kubectl: 'get pumps -w', background: { id: 'table', lines: 2 } },
    {
      name: 'watch one as JSON path',
      kubectl: 'get pump north -w -o jsonpath=\'{.spec.flow}{"\\n"}\'',
      background: { id: 'path', lines: 1 },
    },
    {
      name: 'watch with the kind of event',
      kubectl: 'get configmaps -w --output-watch-events',
      background: { id: 'events', lines: 2 },
    },
    { name: 'watch by label', kubectl: 'get configmaps -w -l seen=yes -o name', background: { id: 'label', lines: 1 } },
    { name: 'change the pump', kubectl: 'patch pump north --type=merge -p \'{"spec":{"flow":20}}\'' },
    {
      name: 'change its status',
      kubectl: 'patch pump north --subresource=status --type=merge -p \'{"status":{"running":true,"flow":19.5}}\'',
    },
    { name: 'change what does not show', kubectl: 'label pump north seen=yes' },
    { name: 'add another', kubectl: 'create -f -', stdin: pump('south', '{flow: 1}') },
    { name: 'change the config map', kubectl: 'patch configmap one -p \'{"data":{"a":"2"}}\'' },
    { name: 'move it out of the selection', kubectl: 'label configmap one seen=no --overwrite' },
    { name: 'move it in again', kubectl: 'label configmap one seen=yes --overwrite' },
    { name: 'delete it', kubectl: 'delete configmap one' },
    { name: 'delete a pump', kubectl: 'delete pump south' },
    { name: 'what the table showed', collect: 'table', lines: 7 },
    { name: 'what the path showed', collect: 'path', lines: 4 },
    { name: 'what the events were', collect: 'events', lines: 6 },
    { name: 'what the selection showed', collect: 'label', lines: 5 },
    {
      name: 'watch from a version on, by hand',
      call: async ({ config }) => {
        const list = await http(config, { path: pumps });
        const from = (list.body as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
        const path = `${pumps}/north`;
        const headers = { 'content-type': 'application/merge-patch+json' };
        await http(config, { method: 'PATCH', path, headers, body: { spec: { flow: 31 } } });
        await http(config, { method: 'PATCH', path, headers, body: { spec: { flow: 32 } } });
        return watchEvents(config, `${pumps}?watch=1&resourceVersion=${from}`, 2);
      },
    },
    {
      name: 'watch from a version that is too old',
      restrict: {
        reason: 'the message names the oldest version that is still there',
        keep: (output) => output.replaceAll(/too old resource version: \d+ \(\d+\)/g, 'too old resource version'),
      },
      call: async ({ config }) => {
        // Twice what our server keeps in this test, as it forgets in batches; the real one forgets what was before the definition.
        const headers = { 'content-type': 'application/merge-patch+json' };
        for (let change = 1; change <= 110; change += 1) {
          const body = { spec: { flow: change % 60 } };
          await http(config, { method: 'PATCH', path: `${pumps}/north`, headers, body });
        }
        return watchEvents(config, `${pumps}?watch=1&resourceVersion=1`, 1);
      },
    },
    {
      name: 'watch from something that is no version',
      call: ({ config }) => watchEvents(config, `${pumps}?watch=1&resourceVersion=x`, 1),
    },
    {
      name: 'a watch ends after the seconds asked for',
      call: async ({ config }) => {
        const started = performance.now();
        const query = 'watch=1&resourceVersion=0&timeoutSeconds=1&fieldSelector=metadata.name%3Dx';
        const events = await watchEvents(config, `${pumps}?${query}`, 1, 10_000);
        return { events, ended: performance.now() - started < 5_000 };
      },
    },
    {
      name: 'a watch of one object by its name',
      call: ({ config }) =>
        watchEvents(config, `${pumps}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Dnorth`, 1),
    },
    {
      name: 'a watch of a deprecated version',
      kubectl:
        "get --raw '/apis/plant.example.com/v1beta1/namespaces/watch/pumps?watch=1&resourceVersion=0&timeoutSeconds=1&fieldSelector=metadata.name%3Dx'",
    },
    {
      name: 'a watch of a namespace that is not there',
      call: ({ config }) =>
        watchEvents(config, `${pumps.replace('watch', 'nowhere')}?watch=1&resourceVersion=0&timeoutSeconds=1`, 1),
    },
  ],
};
