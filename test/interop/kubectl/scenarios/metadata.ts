import type { Scenario } from '../action.ts';
import { configMap, pump } from '../pumps.ts';

export const metadata: Scenario = {
  name: 'metadata',
  files: {
    'all.yaml': [
      pump('north', '{flow: 1}', 'labels: {line: "1"}'),
      pump('south', '{flow: 1}'),
      configMap('one', '{}'),
      configMap('two', '{}'),
    ].join('---\n'),
  },
  actions: [
    { name: 'create', kubectl: 'create -f all.yaml' },
    { name: 'label', kubectl: 'label pump north hall=a' },
    { name: 'label again', kubectl: 'label pump north hall=a' },
    { name: 'label otherwise', kubectl: 'label pump north hall=b' },
    { name: 'label otherwise, overwriting', kubectl: 'label pump north hall=b --overwrite' },
    {
      name: 'list labels',
      kubectl: 'label pump north --list',
      restrict: {
        reason: 'kubectl prints labels in the order of a Go map, which changes from run to run',
        keep: (output) => output.split('\n').sort().join('\n'),
      },
    },
    { name: 'remove a label', kubectl: 'label pump north hall-' },
    { name: 'remove a label that is not there', kubectl: 'label pump north hall-' },
    { name: 'a bad label', kubectl: 'label pump north "hall=not good"' },
    { name: 'label all', kubectl: 'label pumps --all seen=yes' },
    { name: 'label by selector', kubectl: 'label pumps -l line=1 first=yes' },
    { name: 'label several kinds', kubectl: 'label pump/north configmap/one both=yes' },
    { name: 'label with a stale version', kubectl: 'label pump north stale=yes --resource-version=1' },
    { name: 'label what is missing', kubectl: 'label pump missing a=b' },
    { name: 'label, dry', kubectl: 'label pump north dry=yes --dry-run=server' },
    { name: 'label from a file', kubectl: 'label -f all.yaml file=yes' },
    { name: 'annotate', kubectl: "annotate configmap one note='two words'" },
    { name: 'annotate otherwise', kubectl: 'annotate configmap one note=other' },
    { name: 'annotate otherwise, overwriting', kubectl: 'annotate configmap one note=other --overwrite' },
    { name: 'list annotations', kubectl: 'annotate configmap one --list' },
    { name: 'remove an annotation', kubectl: 'annotate configmap one note-' },
    { name: 'a bad annotation', kubectl: 'annotate configmap one "a b=c"' },
    { name: 'annotate all', kubectl: 'annotate configmaps one two seen=yes' },
    { name: 'labels do not count as a generation', kubectl: 'get pump north -o jsonpath={.metadata.generation}' },
    { name: 'what has become of them', kubectl: 'get pumps --show-labels' },
  ],
};
