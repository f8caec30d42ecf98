import type { Scenario } from '../action.ts';
import { http } from '../http.ts';
import { configMap, pod, pump } from '../pumps.ts';

const patchPump = (type: string, patch: string) => `patch pump north --type=${type} -p '${patch}'`;

export const patch: Scenario = {
  name: 'patch',
  files: {
    'all.yaml': [
      configMap('one', '{a: "1", b: "2"}'),
      pump('north', '{flow: 10, tag: aa-1, steps: [1, 2, 3], valves: [{name: in}, {name: out, opening: 7}]}'),
      pod(
        'runner',
        '    - {name: side, image: "example.com/side:1", env: [{name: A, value: "1"}, {name: B, value: "2"}]}',
      ),
    ].join('---\n'),
    'patch.yaml': 'spec: {flow: 12}\n',
  },
  actions: [
    { name: 'create', kubectl: 'create -f all.yaml' },
    { name: 'merge', kubectl: patchPump('merge', '{"spec":{"flow":11}}') },
    { name: 'merge that changes nothing', kubectl: patchPump('merge', '{"spec":{"flow":11}}') },
    { name: 'merge that removes', kubectl: patchPump('merge', '{"spec":{"tag":null}}') },
    { name: 'merge that replaces a list', kubectl: `${patchPump('merge', '{"spec":{"steps":[9]}}')} -o yaml` },
    { name: 'merge from a file', kubectl: 'patch pump north --type=merge --patch-file patch.yaml' },
    { name: 'merge against the schema', kubectl: patchPump('merge', '{"spec":{"flow":"fast"}}') },
    { name: 'merge out of range', kubectl: patchPump('merge', '{"spec":{"flow":101}}') },
    { name: 'merge that removes what is required', kubectl: patchPump('merge', '{"spec":{"flow":null}}') },
    { name: 'merge of a field that is not there', kubectl: patchPump('merge', '{"spec":{"colour":"red"}}') },
    { name: 'merge with another name', kubectl: patchPump('merge', '{"metadata":{"name":"south"}}') },
    { name: 'merge with a stale version', kubectl: patchPump('merge', '{"metadata":{"resourceVersion":"1"}}') },
    { name: 'merge of the status beside the spec', kubectl: patchPump('merge', '{"status":{"running":true}}') },
    { name: 'JSON patch', kubectl: patchPump('json', '[{"op":"replace","path":"/spec/flow","value":13}]') },
    {
      name: 'JSON patch that adds to a list',
      kubectl: patchPump('json', '[{"op":"add","path":"/spec/steps/-","value":4}]'),
    },
    { name: 'JSON patch that removes', kubectl: patchPump('json', '[{"op":"remove","path":"/spec/valves/0"}]') },
    {
      name: 'JSON patch with a test',
      kubectl: patchPump(
        'json',
        '[{"op":"test","path":"/spec/flow","value":13},{"op":"replace","path":"/spec/flow","value":14}]',
      ),
    },
    {
      name: 'JSON patch with a test that fails',
      kubectl: patchPump('json', '[{"op":"test","path":"/spec/flow","value":99}]'),
    },
    {
      name: 'JSON patch to a place that is not there',
      kubectl: patchPump('json', '[{"op":"remove","path":"/spec/nothing"}]'),
    },
    {
      name: 'JSON patch that moves and copies',
      kubectl: `${patchPump('json', '[{"op":"add","path":"/spec/settings","value":{"a":"x"}},{"op":"copy","from":"/spec/settings/a","path":"/spec/settings/b"},{"op":"move","from":"/spec/settings/a","path":"/spec/settings/c"}]')} -o jsonpath={.spec.settings}`,
    },
    { name: 'JSON patch that is none', kubectl: patchPump('json', '{"spec":{}}') },
    {
      name: 'JSON patch with an unknown operation',
      kubectl: patchPump('json', '[{"op":"shake","path":"/spec/flow"}]'),
    },
    { name: 'strategic patch of a custom object', kubectl: patchPump('strategic', '{"spec":{"flow":1}}') },
    { name: 'patch that is not JSON', kubectl: "patch pump north --type=merge -p '{'" },
    { name: 'patch of what is missing', kubectl: 'patch pump missing --type=merge -p {}' },
    { name: 'an unknown type of patch', kubectl: patchPump('wild', '{}') },
    {
      name: 'the status',
      kubectl:
        'patch pump north --subresource=status --type=merge -p \'{"status":{"running":true},"spec":{"flow":99}}\'',
    },
    { name: 'what has become of it', kubectl: 'get pump north -o json --show-managed-fields' },
    {
      name: 'strategic patch of a config map',
      kubectl: 'patch configmap one -p \'{"data":{"b":null,"c":"3"}}\' -o yaml',
    },
    {
      name: 'strategic patch of one container',
      kubectl: 'patch pod runner -p \'{"spec":{"containers":[{"name":"main","image":"example.com/main:2"}]}}\'',
    },
    {
      name: 'the containers',
      kubectl: 'get pod runner -o jsonpath=\'{range .spec.containers[*]}{.name} {.image}{"\\n"}{end}\'',
    },
    {
      name: 'strategic patch that nothing allows',
      kubectl: 'patch pod runner -p \'{"spec":{"containers":[{"name":"side","$patch":"delete"}]}}\'',
    },
    {
      name: 'strategic patch that replaces',
      kubectl: 'patch configmap one -p \'{"data":{"$patch":"replace","z":"26"}}\' -o jsonpath={.data}',
    },
    {
      name: 'strategic patch of labels',
      kubectl: 'patch pod runner -p \'{"metadata":{"labels":{"a":"1"}}}\' -o jsonpath={.metadata.labels}',
    },
    {
      name: 'strategic patch of tolerations',
      kubectl:
        'patch pod runner -p \'{"spec":{"tolerations":[{"key":"x","operator":"Exists"}]}}\' -o jsonpath={.spec.tolerations[*].key}',
    },
    { name: 'strategic patch with a wrong type', kubectl: 'patch configmap one -p \'{"data":{"a":1}}\'' },
    {
      name: 'strategic patch of finalizers',
      kubectl:
        'patch configmap one -p \'{"metadata":{"finalizers":["example.com/a","example.com/b"]}}\' -o jsonpath={.metadata.finalizers}',
    },
    {
      name: 'strategic patch that deletes from a plain list',
      kubectl:
        'patch configmap one -p \'{"metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/a","example.com/b"]}}\' -o jsonpath={.metadata.finalizers}',
    },
    {
      name: 'a patch of no known media type',
      call: ({ config, namespace }) =>
        http(config, {
          method: 'PATCH',
          path: `/apis/plant.example.com/v1/namespaces/${namespace}/pumps/north`,
          headers: { 'content-type': 'application/nonsense' },
          body: '{}',
        }),
    },
    {
      name: 'a strategic patch of a custom object, by hand',
      call: ({ config, namespace }) =>
        http(config, {
          method: 'PATCH',
          path: `/apis/plant.example.com/v1/namespaces/${namespace}/pumps/north`,
          headers: { 'content-type': 'application/strategic-merge-patch+json' },
          body: '{}',
        }),
    },
  ],
};
