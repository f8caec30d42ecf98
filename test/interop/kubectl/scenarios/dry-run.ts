import type { Scenario } from '../action.ts';
import { configMap, pump } from '../pumps.ts';

export const dryRun: Scenario = {
  name: 'dry-run',
  generated: ['gen-'],
  files: {
    'pump.yaml': pump('north', '{flow: 10}'),
    'pump-bad.yaml': pump('north', '{flow: 1000}'),
    'map.yaml': configMap('one', '{a: "1"}'),
  },
  actions: [
    { name: 'create on the server', kubectl: 'create --dry-run=server -f pump.yaml -o yaml' },
    { name: 'create on the client', kubectl: 'create --dry-run=client -f pump.yaml -o yaml' },
    { name: 'create what is refused', kubectl: 'create --dry-run=server -f pump-bad.yaml' },
    { name: 'nothing was created', kubectl: 'get pumps' },
    { name: 'create', kubectl: 'create -f pump.yaml -f map.yaml' },
    { name: 'create what exists', kubectl: 'create --dry-run=server -f map.yaml' },
    {
      name: 'create with a generated name',
      kubectl: 'create --dry-run=server -o name -f -',
      stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: gen-}\n',
    },
    {
      name: 'patch',
      kubectl: 'patch pump north --dry-run=server --type=merge -p \'{"spec":{"flow":20}}\' -o jsonpath={.spec.flow}',
    },
    {
      name: 'patch what is refused',
      kubectl: 'patch pump north --dry-run=server --type=merge -p \'{"spec":{"flow":2000}}\'',
    },
    { name: 'annotate', kubectl: 'annotate pump north --dry-run=server a=b' },
    { name: 'delete', kubectl: 'delete pump north --dry-run=server' },
    { name: 'delete all', kubectl: 'delete configmaps --all --dry-run=server' },
    {
      name: 'everything is as it was',
      kubectl:
        "get pump/north configmap/one -o jsonpath='{.items[*].spec.flow} {.items[*].metadata.annotations} {.items[*].metadata.name}'",
    },
    { name: 'a namespace', kubectl: 'create namespace dry --dry-run=server' },
    {
      name: 'what a client makes of a secret',
      kubectl: 'create secret generic s --from-literal=a=b --dry-run=client -o yaml',
    },
  ],
};
