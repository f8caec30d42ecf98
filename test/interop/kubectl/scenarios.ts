import type { Scenario } from './action.ts';
import { apply } from './scenarios/apply.ts';
import { configMapsAndSecrets } from './scenarios/configmaps-secrets.ts';
import { crds } from './scenarios/crds.ts';
import { crud } from './scenarios/crud.ts';
import { deletion } from './scenarios/delete.ts';
import { discovery } from './scenarios/discovery.ts';
import { events } from './scenarios/events.ts';
import { leases } from './scenarios/leases.ts';
import { namespaces } from './scenarios/namespaces.ts';
import { nodesAndPods } from './scenarios/nodes-pods.ts';
import { output } from './scenarios/output.ts';
import { patch } from './scenarios/patch.ts';
import { selectors } from './scenarios/selectors.ts';
import { serverSideApply } from './scenarios/server-side-apply.ts';
import { validation } from './scenarios/validation.ts';
import { watch } from './scenarios/watch.ts';

/** What "compatible with Kubernetes" means here, in the order in which it runs. */
export const scenarios: readonly Scenario[] = [
  discovery,
  crud,
  output,
  selectors,
  watch,
  patch,
  apply,
  serverSideApply,
  deletion,
  validation,
  crds,
  events,
  nodesAndPods,
  configMapsAndSecrets,
  leases,
  namespaces,
];
