import type { Scenario } from '../action.ts';

const withoutDescriptions = {
  reason: 'descriptions that Kubernetes wrote are not copied; names, types and structure are compared',
  // Descriptions stand four columns deeper than the field they belong to, and wrap.
  keep: (output: string) =>
    output
      .split('\n')
      .filter((line) => /^[A-Z]+:|^ {0,12}\S+\t<|^ENUM:/.test(line))
      .join('\n'),
};

export const explain: Scenario = {
  name: 'explain',
  actions: [
    { name: 'a custom kind', kubectl: 'explain pumps', restrict: withoutDescriptions },
    { name: 'its spec', kubectl: 'explain pumps.spec' },
    { name: 'a list in it', kubectl: 'explain pump.spec.valves' },
    { name: 'a field in it', kubectl: 'explain pump.spec.valves.opening' },
    { name: 'an enumeration', kubectl: 'explain pump.spec.mode' },
    { name: 'all of it', kubectl: 'explain pump --recursive', restrict: withoutDescriptions },
    { name: 'its status', kubectl: 'explain pump.status.conditions' },
    {
      name: 'another version',
      kubectl: 'explain pump --api-version=plant.example.com/v1beta1',
      restrict: withoutDescriptions,
    },
    { name: 'a field that is not there', kubectl: 'explain pump.spec.colour' },
    { name: 'a kind that is not there', kubectl: 'explain windmill' },
    { name: 'a version that is not there', kubectl: 'explain pump --api-version=plant.example.com/v9' },
    { name: 'a built-in kind', kubectl: 'explain configmap', restrict: withoutDescriptions },
    { name: 'a built-in kind, all of it', kubectl: 'explain configmap --recursive', restrict: withoutDescriptions },
    { name: 'a node', kubectl: 'explain node.status.conditions', restrict: withoutDescriptions },
    { name: 'a pod', kubectl: 'explain pod.spec.containers.env', restrict: withoutDescriptions },
    { name: 'a lease', kubectl: 'explain lease.spec', restrict: withoutDescriptions },
    { name: 'the definition of definitions', kubectl: 'explain crd.spec.names', restrict: withoutDescriptions },
    { name: 'by the old description', kubectl: 'explain pump.spec --output=plaintext-openapiv2' },
  ],
};
