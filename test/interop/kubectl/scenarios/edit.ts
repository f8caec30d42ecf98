import type { Scenario } from '../action.ts';
import { configMap, pump } from '../pumps.ts';

export const edit: Scenario = {
  name: 'edit',
  files: {
    'all.yaml': [pump('north', '{flow: 10}'), configMap('one', '{a: "1"}'), configMap('two', '{a: "1"}')].join('---\n'),
    'applied.yaml': configMap('applied', '{a: "1"}'),
  },
  actions: [
    { name: 'create', kubectl: 'create -f all.yaml' },
    { name: 'change a value', kubectl: 'edit pump north', editor: 's/flow: 10/flow: 65/' },
    { name: 'the value has changed', kubectl: "get pump north -o jsonpath='{.spec.flow} {.metadata.generation}'" },
    { name: 'change nothing', kubectl: 'edit pump north', editor: 's/nothing/at all/' },
    {
      name: 'change it to what is refused, then leave it at that',
      kubectl: 'edit pump north',
      editor: 's/flow: 65$/flow: 650/',
    },
    { name: 'the value has not changed', kubectl: 'get pump north -o jsonpath={.spec.flow}' },
    { name: 'write what is not YAML', kubectl: 'edit pump north', editor: 's/flow: 65$/flow: {/' },
    { name: 'add an unknown field', kubectl: 'edit pump north', editor: 's/^  flow: 65$/  flow: 65\\n  colour: red/' },
    { name: 'change a built-in kind', kubectl: 'edit configmap one', editor: 's/a: "1"/a: "2"/' },
    { name: 'change two at once', kubectl: 'edit configmap one two', editor: 's/^    a: .*/    a: "3"/' },
    { name: 'both have changed', kubectl: "get configmaps one two -o jsonpath='{.items[*].data.a}'" },
    { name: 'change the name', kubectl: 'edit configmap one', editor: 's/name: one/name: eins/' },
    {
      name: 'change the status',
      kubectl: 'edit pump north --subresource=status',
      editor: '$ a status: {running: true}',
    },
    { name: 'the status has changed', kubectl: 'get pump north -o jsonpath={.status}' },
    { name: 'see the patch', kubectl: 'edit configmap two --output-patch', editor: 's/a: "3"/a: "4"/' },
    { name: 'edit what is missing', kubectl: 'edit pump missing', editor: 's/a/b/' },
    { name: 'apply', kubectl: 'apply -f applied.yaml' },
    {
      name: 'edit what was applied last',
      kubectl: 'apply edit-last-applied configmap/applied',
      editor: 's/a: "1"/a: "2"/',
    },
    { name: 'see what was applied last', kubectl: 'apply view-last-applied configmap applied -o json' },
    {
      name: 'create in the editor',
      kubectl: 'create --edit -f applied.yaml',
      editor: 's/name: applied/name: made/',
    },
  ],
};
