import type { Scenario } from '../action.ts';
import { http } from '../http.ts';
import { configMap, pod, pump } from '../pumps.ts';
import { givenUp } from '../restrictions.ts';

const maps = '/api/v1/namespaces/delete/configmaps';

export const deletion: Scenario = {
  name: 'delete',
  files: {
    'all.yaml': [
      ...['a', 'b', 'c', 'd', 'e'].map((name) => configMap(name, '{}')),
      configMap('held', '{}', 'finalizers: [example.com/hold]'),
      pump('p', '{flow: 1}'),
      pump('q', '{flow: 1}', 'finalizers: [example.com/hold]'),
      pod('runner'),
    ].join('---\n'),
  },
  actions: [
    { name: 'create', kubectl: 'create -f all.yaml' },
    { name: 'dry run', kubectl: 'delete configmap a --dry-run=server' },
    { name: 'it is still there', kubectl: 'get configmap a -o name' },
    { name: 'several', kubectl: 'delete configmap a b' },
    { name: 'by type and name', kubectl: 'delete configmap/c pump/p' },
    { name: 'with the name as output', kubectl: 'delete configmap d -o name' },
    { name: 'what has a finalizer', kubectl: 'delete configmap held --wait=false' },
    { name: 'what has a finalizer, waiting', kubectl: 'delete configmap held --timeout=2s', restrict: givenUp },
    { name: 'what is being deleted', kubectl: 'get configmap held -o yaml' },
    { name: 'change what is being deleted', kubectl: 'patch configmap held -p \'{"data":{"a":"1"}}\'' },
    {
      name: 'add a finalizer to what is being deleted',
      kubectl:
        'patch configmap held --type=merge -p \'{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}\'',
    },
    {
      name: 'remove the finalizer',
      kubectl: 'patch configmap held --type=merge -p \'{"metadata":{"finalizers":null}}\'',
    },
    { name: 'it is gone', kubectl: 'get configmap held' },
    { name: 'a custom object that has a finalizer', kubectl: 'delete pump q --wait=false' },
    {
      name: 'the custom object being deleted',
      kubectl:
        "get pump q -o jsonpath='{.metadata.deletionTimestamp} {.metadata.deletionGracePeriodSeconds} {.metadata.generation}'",
    },
    {
      name: 'remove its finalizer',
      kubectl: 'patch pump q --type=json -p \'[{"op":"remove","path":"/metadata/finalizers"}]\'',
    },
    { name: 'the custom object is gone', kubectl: 'get pump q' },
    {
      name: 'a bad finalizer',
      kubectl: 'patch configmap e --type=merge -p \'{"metadata":{"finalizers":["nonsense"]}}\'',
    },
    { name: 'a pod', kubectl: 'delete pod runner' },
    {
      name: 'another pod',
      kubectl: `run again --image=example.com/a:1 --overrides='{"spec":{"automountServiceAccountToken":false}}'`,
    },
    { name: 'a pod by force', kubectl: 'delete pod again --force --grace-period=0' },
    { name: 'all of a kind', kubectl: 'delete pumps --all' },
    {
      name: 'with the wrong uid',
      call: ({ config }) =>
        http(config, {
          method: 'DELETE',
          path: `${maps}/e`,
          body: {
            kind: 'DeleteOptions',
            apiVersion: 'v1',
            preconditions: { uid: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee' },
          },
        }),
    },
    {
      name: 'with the wrong version',
      restrict: {
        reason: 'the message names the version that is there',
        keep: (output) => output.replace(/record \(\d+\)/, 'record (<version>)'),
      },
      call: ({ config }) =>
        http(config, {
          method: 'DELETE',
          path: `${maps}/e`,
          body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { resourceVersion: '1' } },
        }),
    },
    {
      name: 'with nonsense as options',
      restrict: {
        reason: 'what a JSON parser says about a text is its own',
        keep: (output) => output.replaceAll(/json parse error: .*"/g, 'json parse error: ..."'),
      },
      call: ({ config }) => http(config, { method: 'DELETE', path: `${maps}/e`, body: '{"propagationPolicy": 7' }),
    },
    {
      name: 'with an unknown propagation policy',
      call: ({ config }) => http(config, { method: 'DELETE', path: `${maps}/e?propagationPolicy=Sideways` }),
    },
    {
      name: 'with options as a protocol buffer: a dry run',
      call: ({ config }) =>
        http(config, {
          method: 'DELETE',
          path: `${maps}/e`,
          headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
          body: 'k8s\0\n\x13\n\x02v1\x12\rDeleteOptions\x12\x05*\x03All\x1a\0"\0',
        }),
    },
    { name: 'what is returned', call: ({ config }) => http(config, { method: 'DELETE', path: `${maps}/e` }) },
    {
      name: 'what is returned the second time',
      call: ({ config }) => http(config, { method: 'DELETE', path: `${maps}/e` }),
    },
    { name: 'a collection, by hand', kubectl: 'create -f -', stdin: configMap('x', '{}', 'labels: {go: "1"}') },
    {
      name: 'a collection by label',
      call: async ({ config }) => {
        const answer = await http(config, { method: 'DELETE', path: `${maps}?labelSelector=go%3D1` });
        const { kind, items } = answer.body as { kind: string; items: { metadata: { name: string } }[] };
        return { status: answer.status, kind, names: items.map(({ metadata }) => metadata.name) };
      },
    },
    { name: 'without a name', kubectl: 'delete configmap' },
    { name: 'name and all', kubectl: 'delete configmap e --all' },
  ],
};
