import { defaultDefinition, definitionCauses, prepareDefinition } from '../resources/definition-rules.ts';
import type { Resource } from '../resources/resource.ts';
import { configMapCauses } from './config-maps.ts';
import { eventCauses } from './events.ts';
import { leaseCauses } from './leases.ts';
import { namespaces } from './namespaces.ts';
import { defaultNode } from './nodes.ts';
import { defaultPod, preparePod } from './pod-defaults.ts';
import { podCauses } from './pods.ts';
import { defaultSecret, secretCauses } from './secrets.ts';
import { defaultService, keepAssigned, prepareService, serviceCauses, serviceWarnings } from './services.ts';
import type { Strategy } from './strategy.ts';

const strategies: Readonly<Record<string, Strategy>> = {
  '/configmaps': { validate: configMapCauses },
  '/events': { validate: eventCauses, createOnUpdate: true },
  '/namespaces': namespaces,
  '/nodes': { defaults: defaultNode },
  '/pods': { defaults: defaultPod, prepareCreate: preparePod, validate: podCauses, returnsDeleted: true },
  '/secrets': { defaults: defaultSecret, validate: secretCauses },
  '/serviceaccounts': { returnsDeleted: true },
  '/services': {
    defaults: defaultService,
    prepareCreate: prepareService,
    prepareUpdate: keepAssigned,
    validate: serviceCauses,
    warnings: serviceWarnings,
    createOnUpdate: true,
    returnsDeleted: true,
  },
  'apiextensions.k8s.io/customresourcedefinitions': {
    defaults: defaultDefinition,
    prepareCreate: prepareDefinition,
    validate: definitionCauses,
  },
  'coordination.k8s.io/leases': { validate: leaseCauses, createOnUpdate: true },
};

const none: Strategy = {};

/** What the kind of this resource does beside what all kinds do; nothing special for a custom one. */
export function strategyOf(resource: Resource): Strategy {
  return strategies[resource.storage] ?? none;
}
