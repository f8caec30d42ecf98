import { fromCoreEvent, toCoreEvent } from './events.ts';
import { fieldAt, type Resource, type SelectableField, type Subresource } from './resource.ts';

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const withoutCollection = allVerbs.filter((verb) => verb !== 'deletecollection');
const readWrite = ['get', 'patch', 'update'];

interface Row {
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly string[];
  readonly subresources?: readonly Subresource[];
  readonly storedVersion?: string;
  readonly hasStatus?: boolean;
  readonly hasGeneration?: boolean;
  readonly unconditionalUpdate?: boolean;
  readonly fields?: readonly SelectableField[];
}

function resources(group: string, version: string, rows: readonly Row[]): Resource[] {
  return rows.map((row) => ({
    group,
    version,
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    kind: row.kind,
    listKind: `${row.kind}List`,
    namespaced: row.namespaced,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? allVerbs,
    subresources: row.subresources ?? [],
    storage: `${group}/${row.plural}`,
    storedVersion: row.storedVersion ?? version,
    hasStatus: row.hasStatus ?? false,
    hasGeneration: row.hasGeneration ?? false,
    unconditionalUpdate: row.unconditionalUpdate ?? true,
    selectableFields: row.fields ?? [],
  }));
}

const status = (kind: string): Subresource => ({ name: 'status', kind, verbs: readWrite });

const eventFields: readonly SelectableField[] = [
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) =>
    fieldAt(`involvedObject.${field}`),
  ),
  fieldAt('reason'),
  fieldAt('reportingComponent'),
  {
    path: 'source',
    read: (event) => fieldAt('source.component').read(event) || fieldAt('reportingComponent').read(event),
  },
  fieldAt('type'),
];

const podFields: readonly SelectableField[] = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'spec.hostNetwork',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
].map(fieldAt);

/** The kinds that are there without a CustomResourceDefinition. Pods are stored and served, nothing runs them. */
export const builtinResources: readonly Resource[] = [
  ...resources('', 'v1', [
    { plural: 'configmaps', kind: 'ConfigMap', namespaced: true, shortNames: ['cm'] },
    {
      plural: 'events',
      kind: 'Event',
      namespaced: true,
      shortNames: ['ev'],
      fields: eventFields,
    },
    {
      plural: 'namespaces',
      kind: 'Namespace',
      namespaced: false,
      shortNames: ['ns'],
      verbs: withoutCollection,
      subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }, status('Namespace')],
      hasStatus: true,
      fields: [fieldAt('status.phase')],
    },
    {
      plural: 'nodes',
      kind: 'Node',
      namespaced: false,
      shortNames: ['no'],
      subresources: [status('Node')],
      hasStatus: true,
      fields: [{ path: 'spec.unschedulable', read: (node) => fieldAt('spec.unschedulable').read(node) || 'false' }],
    },
    {
      plural: 'pods',
      kind: 'Pod',
      namespaced: true,
      shortNames: ['po'],
      categories: ['all'],
      subresources: [{ name: 'log', kind: 'Pod', verbs: ['get'] }, status('Pod')],
      hasStatus: true,
      hasGeneration: true,
      fields: podFields,
    },
    {
      plural: 'secrets',
      kind: 'Secret',
      namespaced: true,
      fields: [fieldAt('type')],
    },
    { plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true, shortNames: ['sa'] },
    {
      plural: 'services',
      kind: 'Service',
      namespaced: true,
      shortNames: ['svc'],
      categories: ['all'],
      subresources: [status('Service')],
      hasStatus: true,
      fields: [fieldAt('spec.clusterIP'), fieldAt('spec.type')],
    },
  ]),
  ...resources('apiextensions.k8s.io', 'v1', [
    {
      plural: 'customresourcedefinitions',
      kind: 'CustomResourceDefinition',
      namespaced: false,
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      storedVersion: 'v1beta1',
      subresources: [status('CustomResourceDefinition')],
      hasStatus: true,
      hasGeneration: true,
      unconditionalUpdate: false,
    },
  ]),
  ...resources('coordination.k8s.io', 'v1', [
    { plural: 'leases', kind: 'Lease', namespaced: true, unconditionalUpdate: false },
  ]),
  ...resources('events.k8s.io', 'v1', [
    { plural: 'events', kind: 'Event', namespaced: true, shortNames: ['ev'], fields: eventFields },
  ]).map((resource) => ({
    ...resource,
    storage: '/events',
    conversion: { toServed: fromCoreEvent, toStored: toCoreEvent },
  })),
];

/** Kinds that answer a question and are never stored. */
export const reviewResources: readonly Resource[] = [
  ...resources('authentication.k8s.io', 'v1', [
    { plural: 'selfsubjectreviews', kind: 'SelfSubjectReview', namespaced: false, verbs: ['create'] },
  ]),
  ...resources('authorization.k8s.io', 'v1', [
    { plural: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview', namespaced: false, verbs: ['create'] },
    { plural: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview', namespaced: false, verbs: ['create'] },
    { plural: 'subjectaccessreviews', kind: 'SubjectAccessReview', namespaced: false, verbs: ['create'] },
  ]),
];
