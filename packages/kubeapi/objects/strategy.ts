import { isObject, type JsonObject } from '../json.ts';
import { defaultDefinition, definitionCauses, prepareDefinition } from '../resources/definition-rules.ts';
import type { Resource } from '../resources/resource.ts';
import type { Cause } from '../server/status.ts';
import { metadataOf, nameOf } from './metadata.ts';

/** What one kind does beside what all kinds do. */
export interface Strategy {
  /** Fills in what a client may leave out, whenever it writes. */
  readonly defaults?: (object: JsonObject) => void;
  /** Fills in what the server decides for a new object. */
  readonly prepareCreate?: (object: JsonObject) => void;
  readonly prepareUpdate?: (object: JsonObject, before: JsonObject) => void;
  readonly validate?: (object: JsonObject, before: JsonObject | undefined) => Cause[];
  /** Kinds whose update creates the object when it is missing. */
  readonly createOnUpdate?: boolean;
  /** Kinds whose deletion answers with the object instead of a Status. */
  readonly returnsDeleted?: boolean;
}

const strategies: Readonly<Record<string, Strategy>> = {
  '/namespaces': {
    prepareCreate: (namespace) => {
      namespace.spec = { finalizers: ['kubernetes'] };
      namespace.status = { phase: 'Active' };
      label(namespace);
    },
    prepareUpdate: (namespace, before) => {
      if (before.spec !== undefined) namespace.spec = before.spec;
      label(namespace);
    },
    returnsDeleted: true,
  },
  '/pods': { returnsDeleted: true },
  '/services': { returnsDeleted: true, createOnUpdate: true },
  '/serviceaccounts': { returnsDeleted: true },
  '/events': { createOnUpdate: true },
  'apiextensions.k8s.io/customresourcedefinitions': {
    prepareCreate: prepareDefinition,
    prepareUpdate: defaultDefinition,
    validate: definitionCauses,
  },
  'coordination.k8s.io/leases': { createOnUpdate: true },
};

const none: Strategy = {};

export function strategyOf(resource: Resource): Strategy {
  return strategies[resource.storage] ?? none;
}

/** Every namespace carries its own name as a label, so that selectors can name it. */
function label(namespace: JsonObject): void {
  const metadata = metadataOf(namespace);
  const labels = isObject(metadata.labels) ? metadata.labels : {};
  metadata.labels = { ...labels, 'kubernetes.io/metadata.name': nameOf(namespace) };
}
