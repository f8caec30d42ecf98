import type { Scenario } from '../action.ts';
import { configMap, pump } from '../pumps.ts';

export const namespaces: Scenario = {
  name: 'namespaces',
  files: {
    'inside.yaml': [
      configMap('one', '{}', 'namespace: plant-a'),
      pump('north', '{flow: 1}', 'namespace: plant-a'),
    ].join('---\n'),
    'held.yaml': configMap('held', '{}', 'namespace: plant-a, finalizers: [example.com/hold]'),
  },
  actions: [
    { name: 'those that are always there', kubectl: 'get namespaces default kube-system kube-public kube-node-lease' },
    { name: 'create', kubectl: 'create namespace plant-a' },
    { name: 'create again', kubectl: 'create namespace plant-a' },
    { name: 'as it is kept', kubectl: 'get namespace plant-a -o yaml' },
    {
      name: 'describe',
      kubectl: 'describe namespace plant-a',
      restrict: {
        reason: 'quotas and limit ranges share out a cluster among many; one box has none',
        keep: (output) => output.replace(/\n+No resource quota\.\n+No LimitRange resource\.\n*$/, '').trimEnd(),
      },
    },
    { name: 'label', kubectl: 'label namespace plant-a line=7' },
    {
      name: 'its own label cannot change',
      kubectl: 'label namespace plant-a kubernetes.io/metadata.name=x --overwrite',
    },
    { name: 'find by label', kubectl: 'get namespaces -l line=7 -o name' },
    { name: 'fill', kubectl: 'create -f inside.yaml' },
    { name: 'list inside', kubectl: 'get configmaps,pumps -n plant-a -o name' },
    { name: 'the same kind everywhere', kubectl: 'get pumps -A -l nothing=here' },
    { name: 'delete with what is in it', kubectl: 'delete namespace plant-a --timeout=30s' },
    { name: 'it is gone', kubectl: 'get namespace plant-a' },
    { name: 'what was in it is gone', kubectl: 'get pumps -n plant-a' },
    { name: 'create it anew', kubectl: 'create namespace plant-a' },
    { name: 'it is empty', kubectl: 'get pumps -n plant-a' },
    { name: 'put something in that stays', kubectl: 'create -f held.yaml' },
    { name: 'delete while something stays', kubectl: 'delete namespace plant-a --wait=false' },
    { name: 'it is ending', kubectl: 'get namespace plant-a' },
    {
      name: 'it says that something holds it',
      kubectl: 'wait --for=condition=NamespaceFinalizersRemaining namespace/plant-a --timeout=30s',
    },
    {
      name: 'why it does not end',
      kubectl:
        'get namespace plant-a -o jsonpath=\'{range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\\n"}{end}\'',
    },
    { name: 'create in what is ending', kubectl: 'create configmap late -n plant-a' },
    {
      name: 'wait for its end',
      kubectl: 'wait --for=delete namespace/plant-a --timeout=30s',
      background: { id: 'end', lines: 0 },
    },
    { name: 'let go', kubectl: 'patch configmap held -n plant-a --type=merge -p \'{"metadata":{"finalizers":null}}\'' },
    { name: 'its end has come', collect: 'end', lines: 1 },
    { name: 'the default one cannot be deleted', kubectl: 'delete namespace default' },
    { name: 'one that is not there', kubectl: 'delete namespace nowhere' },
    {
      name: 'a namespace by apply',
      kubectl: 'apply -f -',
      stdin: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: plant-b}\n',
    },
    { name: 'delete it', kubectl: 'delete namespace plant-b --timeout=30s' },
  ],
};
