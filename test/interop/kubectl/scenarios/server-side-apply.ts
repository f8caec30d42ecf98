import type { Scenario } from '../action.ts';
import { http } from '../http.ts';
import { configMap, pod, pump } from '../pumps.ts';

const ssa = (file: string, manager: string, rest = '') =>
  `apply --server-side --field-manager=${manager} -f ${file}${rest === '' ? '' : ` ${rest}`}`;
const seeAll = (what: string) => `get ${what} -o json --show-managed-fields`;

export const serverSideApply: Scenario = {
  name: 'server-side-apply',
  files: {
    'one.yaml': configMap('one', '{a: "1", b: "2"}'),
    'one-other.yaml': configMap('one', '{b: "3", c: "4"}'),
    'one-less.yaml': configMap('one', '{a: "1"}'),
    'one-same.yaml': configMap('one', '{a: "1"}', 'labels: {x: "1"}'),
    'pump.yaml': pump(
      'north',
      '{flow: 10, valves: [{name: in, opening: 1}], notes: [b, a], steps: [1], extra: {deep: {er: 1}}}',
    ),
    'pump-other.yaml': pump('north', '{flow: 10, valves: [{name: out, opening: 2}], notes: [c], settings: {k: v}}'),
    'pump-conflict.yaml': pump('north', '{flow: 12, valves: [{name: in, opening: 9}], steps: [2]}'),
    'pump-less.yaml': pump('north', '{flow: 10}'),
    'pump-bad.yaml': pump('north', '{flow: -1, mode: Fast}'),
    'pump-unknown.yaml': pump('north', '{flow: 10, colour: red}'),
    'pump-twice.yaml': pump('twice', '{flow: 1, valves: [{name: in}, {name: in}]}'),
    'pump-status.yaml':
      'apiVersion: plant.example.com/v1\nkind: Pump\nmetadata: {name: north}\nstatus: {running: true, conditions: [{type: Ready, status: "True"}]}\n',
    'pod.yaml': pod('runner', '    - {name: side, image: "example.com/side:1", ports: [{containerPort: 80}]}'),
    'pod-other.yaml':
      'apiVersion: v1\nkind: Pod\nmetadata: {name: runner, labels: {b: "2"}}\nspec: {containers: [{name: side, image: "example.com/side:2"}]}\n',
    'classic.yaml': configMap('classic', '{a: "1", b: "2"}'),
    'classic-less.yaml': configMap('classic', '{a: "1"}'),
  },
  actions: [
    { name: 'create', kubectl: ssa('one.yaml', 'first') },
    { name: 'again', kubectl: ssa('one.yaml', 'first') },
    { name: 'who owns what', kubectl: seeAll('configmap one') },
    { name: 'a second manager in conflict', kubectl: ssa('one-other.yaml', 'second') },
    { name: 'a second manager by force', kubectl: ssa('one-other.yaml', 'second', '--force-conflicts') },
    { name: 'who owns what after that', kubectl: seeAll('configmap one') },
    { name: 'the first gives up a field', kubectl: ssa('one-less.yaml', 'first') },
    { name: 'two managers share a field', kubectl: ssa('one-same.yaml', 'third') },
    { name: 'who owns what at last', kubectl: seeAll('configmap one') },
    {
      name: 'an update by others',
      kubectl: 'patch configmap one --type=merge -p \'{"data":{"a":"5"}}\' --field-manager=fourth',
    },
    { name: 'apply against the update', kubectl: ssa('one-less.yaml', 'first') },
    { name: 'dry run', kubectl: ssa('one-less.yaml', 'first', '--force-conflicts --dry-run=server') },
    { name: 'dry run has changed nothing', kubectl: 'get configmap one -o jsonpath={.data.a}' },
    { name: 'a custom object', kubectl: ssa('pump.yaml', 'first') },
    { name: 'a custom object, merged', kubectl: ssa('pump-other.yaml', 'second') },
    { name: 'who owns what of it', kubectl: seeAll('pump north') },
    { name: 'a custom object in conflict', kubectl: ssa('pump-conflict.yaml', 'third') },
    { name: 'a custom object by force', kubectl: ssa('pump-conflict.yaml', 'third', '--force-conflicts') },
    { name: 'the first gives up nearly all', kubectl: ssa('pump-less.yaml', 'first', '--force-conflicts') },
    { name: 'who owns what of it then', kubectl: seeAll('pump north') },
    { name: 'against the schema', kubectl: ssa('pump-bad.yaml', 'first', '--force-conflicts') },
    { name: 'with an unknown field', kubectl: ssa('pump-unknown.yaml', 'first') },
    { name: 'with a key twice', kubectl: ssa('pump-twice.yaml', 'first') },
    { name: 'the status', kubectl: ssa('pump-status.yaml', 'reporter', '--subresource=status') },
    { name: 'who owns the status', kubectl: seeAll('pump north') },
    { name: 'a pod', kubectl: ssa('pod.yaml', 'first') },
    { name: 'a pod in conflict', kubectl: ssa('pod-other.yaml', 'second') },
    { name: 'a pod by force', kubectl: ssa('pod-other.yaml', 'second', '--force-conflicts') },
    { name: 'who owns what of the pod', kubectl: seeAll('pod runner') },
    { name: 'apply the classic way', kubectl: 'apply -f classic.yaml' },
    { name: 'go over to the server', kubectl: 'apply --server-side -f classic-less.yaml' },
    { name: 'who owns what after going over', kubectl: seeAll('configmap classic') },
    { name: 'a bad name of a manager', kubectl: ssa('one.yaml', 'a'.repeat(129)) },
    {
      name: 'without a field manager',
      call: ({ config, namespace }) =>
        http(config, {
          method: 'PATCH',
          path: `/api/v1/namespaces/${namespace}/configmaps/hand`,
          headers: { 'content-type': 'application/apply-patch+yaml' },
          body: configMap('hand', '{a: "1"}'),
        }),
    },
    {
      name: 'with managed fields in what is applied',
      call: ({ config, namespace }) =>
        http(config, {
          method: 'PATCH',
          path: `/api/v1/namespaces/${namespace}/configmaps/hand?fieldManager=hand`,
          headers: { 'content-type': 'application/apply-patch+yaml' },
          body: configMap('hand', '{a: "1"}', 'managedFields: [{manager: x, operation: Apply, apiVersion: v1}]'),
        }),
    },
    {
      name: 'with another name than in the path',
      call: ({ config, namespace }) =>
        http(config, {
          method: 'PATCH',
          path: `/api/v1/namespaces/${namespace}/configmaps/hand?fieldManager=hand`,
          headers: { 'content-type': 'application/apply-patch+yaml' },
          body: configMap('foot', '{a: "1"}'),
        }),
    },
  ],
};
