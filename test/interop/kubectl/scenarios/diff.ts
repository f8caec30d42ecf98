import type { Scenario } from '../action.ts';
import { configMap, pump } from '../pumps.ts';

export const diff: Scenario = {
  name: 'diff',
  files: {
    'pump.yaml': pump('north', '{flow: 10}'),
    'pump-changed.yaml': pump('north', '{flow: 20, valves: [{name: in}]}'),
    'pump-bad.yaml': pump('north', '{flow: 2000}'),
    'map.yaml': configMap('one', '{a: "1", b: "2"}'),
    'map-changed.yaml': configMap('one', '{a: "2"}'),
  },
  actions: [
    { name: 'something new', kubectl: 'diff -f pump.yaml' },
    { name: 'create', kubectl: 'apply -f pump.yaml -f map.yaml' },
    { name: 'nothing', kubectl: 'diff -f pump.yaml -f map.yaml' },
    { name: 'a custom object', kubectl: 'diff -f pump-changed.yaml' },
    { name: 'a built-in object', kubectl: 'diff -f map-changed.yaml' },
    { name: 'by the server', kubectl: 'diff --server-side -f map-changed.yaml --force-conflicts' },
    { name: 'by the server, in conflict', kubectl: 'diff --server-side --field-manager=other -f map-changed.yaml' },
    { name: 'what is refused', kubectl: 'diff -f pump-bad.yaml' },
    { name: 'nothing has changed by that', kubectl: 'get pump north -o jsonpath={.spec.flow}' },
  ],
};
