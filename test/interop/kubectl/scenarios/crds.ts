import type { Scenario } from '../action.ts';

const crd = (name: string, group: string, schema: string, more = '') => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${name}s.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: ${name}s, singular: ${name}, kind: ${name[0]?.toUpperCase()}${name.slice(1)}}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: ${schema}}
${more}`;

const plain = '{type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}';
const wider =
  '{type: object, properties: {spec: {type: object, properties: {size: {type: integer}, colour: {type: string, default: red}}}}}';
const sail = (name: string, spec: string) =>
  `apiVersion: mill.example.com/v1\nkind: Sail\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

export const crds: Scenario = {
  name: 'crds',
  files: {
    'sail.yaml': crd('sail', 'mill.example.com', plain),
    'sail-wider.yaml': crd(
      'sail',
      'mill.example.com',
      wider,
      '      additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]\n',
    ),
    'cluster.yaml': crd('yard', 'mill.example.com', plain).replace('Namespaced', 'Cluster'),
    'bad-name.yaml': crd('sail', 'mill.example.com', plain).replace('name: sails.mill', 'name: boats.mill'),
    'bad-schema.yaml': crd('oar', 'mill.example.com', '{type: object, properties: {a: {items: {type: string}}}}'),
    'bad-type.yaml': crd('oar', 'mill.example.com', '{type: object, properties: {a: {type: text}}}'),
    'bad-default.yaml': crd('oar', 'mill.example.com', '{type: object, properties: {a: {type: integer, default: x}}}'),
    'no-storage.yaml': crd('oar', 'mill.example.com', plain).replace('storage: true', 'storage: false'),
    'no-schema.yaml': crd('oar', 'mill.example.com', plain).replace(/ {6}schema: .*\n/, ''),
    'one.yaml': sail('one', '{size: 3}'),
    'two.yaml': sail('two', '{size: 4, colour: blue}'),
    'three.yaml': sail('three', '{size: 5}'),
    'yard.yaml': 'apiVersion: mill.example.com/v1\nkind: Yard\nmetadata: {name: main}\nspec: {size: 1}\n',
  },
  actions: [
    { name: 'of a kind that is not defined', kubectl: 'create -f one.yaml' },
    { name: 'define', kubectl: 'apply -f sail.yaml' },
    { name: 'wait', kubectl: 'wait --for=condition=Established crd/sails.mill.example.com --timeout=10s' },
    { name: 'list', kubectl: 'get crd sails.mill.example.com' },
    { name: 'names', kubectl: 'get crd -o name' },
    { name: 'as it is kept', kubectl: "get crd sails.mill.example.com -o jsonpath='{.spec}'" },
    {
      name: 'its status',
      kubectl:
        'get crd sails.mill.example.com -o jsonpath=\'{.status.acceptedNames} {.status.storedVersions} {range .status.conditions[*]}{.type}={.status} {.reason} {.message}{"\\n"}{end}\'',
    },
    { name: 'describe', kubectl: 'describe crd sails.mill.example.com' },
    // A server may need a moment between Established and served; listing is tried until it is.
    { name: 'served', kubectl: 'wait --for=create sails/one --timeout=1s' },
    { name: 'create an object', kubectl: 'create -f one.yaml' },
    { name: 'list objects', kubectl: 'get sails' },
    { name: 'an object with an unknown field', kubectl: 'create -f two.yaml' },
    { name: 'change the definition', kubectl: 'apply -f sail-wider.yaml' },
    {
      name: 'the definition has changed',
      kubectl: 'wait --for=jsonpath={.metadata.generation}=2 crd/sails.mill.example.com --timeout=5s',
    },
    { name: 'an object of the changed definition', kubectl: 'create -f three.yaml --validate=false' },
    { name: 'an object from before, with the new default', kubectl: 'get sail one -o jsonpath={.spec}' },
    { name: 'list by the new columns', kubectl: 'get sails' },
    { name: 'define again', kubectl: 'create -f sail.yaml' },
    { name: 'define outside namespaces', kubectl: 'create -f cluster.yaml' },
    { name: 'wait for it', kubectl: 'wait --for=condition=Established crd/yards.mill.example.com --timeout=10s' },
    { name: 'it is served', kubectl: 'wait --for=create yards/main --timeout=1s' },
    { name: 'create one outside namespaces', kubectl: 'create -f yard.yaml' },
    { name: 'get one outside namespaces', kubectl: 'get yard main -o yaml' },
    { name: 'a name that does not fit', kubectl: 'create -f bad-name.yaml' },
    { name: 'a schema without types', kubectl: 'create -f bad-schema.yaml' },
    { name: 'a schema with an unknown type', kubectl: 'create -f bad-type.yaml' },
    { name: 'a default against its schema', kubectl: 'create -f bad-default.yaml' },
    {
      name: 'no version to store',
      kubectl: 'create -f no-storage.yaml',
      restrict: {
        reason: 'the message quotes the whole list of versions, with the member names of a Go type',
        keepErrors: (output) => output.replace(/Invalid value: \[.*\]:/, 'Invalid value: <versions>:'),
      },
    },
    { name: 'no schema', kubectl: 'create -f no-schema.yaml' },
    {
      name: 'change the scope',
      kubectl: 'patch crd sails.mill.example.com --type=merge -p \'{"spec":{"scope":"Cluster"}}\'',
    },
    {
      name: 'change the group',
      kubectl: 'patch crd sails.mill.example.com --type=merge -p \'{"spec":{"group":"other.example.com"}}\'',
    },
    { name: 'remove', kubectl: 'delete crd sails.mill.example.com yards.mill.example.com' },
    { name: 'its objects are gone with it', kubectl: 'get sails.mill.example.com' },
    { name: 'remove again', kubectl: 'delete crd sails.mill.example.com' },
  ],
};
