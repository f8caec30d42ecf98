import type { Scenario } from './action.ts';
import { apply } from './scenarios/apply.ts';
import { auth } from './scenarios/auth.ts';
import { bookmarks } from './scenarios/bookmarks.ts';
import { clientNode } from './scenarios/client-node.ts';
import { configMapsAndSecrets } from './scenarios/configmaps-secrets.ts';
import { crds } from './scenarios/crds.ts';
import { crud } from './scenarios/crud.ts';
import { deletion } from './scenarios/delete.ts';
import { devices } from './scenarios/devices.ts';
import { diff } from './scenarios/diff.ts';
import { discovery } from './scenarios/discovery.ts';
import { dryRun } from './scenarios/dry-run.ts';
import { edit } from './scenarios/edit.ts';
import { errors } from './scenarios/errors.ts';
import { events } from './scenarios/events.ts';
import { explain } from './scenarios/explain.ts';
import { kinds } from './scenarios/kinds.ts';
import { leases } from './scenarios/leases.ts';
import { metadata } from './scenarios/metadata.ts';
import { namespaces } from './scenarios/namespaces.ts';
import { nodesAndPods } from './scenarios/nodes-pods.ts';
import { output } from './scenarios/output.ts';
import { owners } from './scenarios/owners.ts';
import { paging } from './scenarios/paging.ts';
import { patch } from './scenarios/patch.ts';
import { replace } from './scenarios/replace.ts';
import { schemas } from './scenarios/schemas.ts';
import { selectors } from './scenarios/selectors.ts';
import { serverSideApply } from './scenarios/server-side-apply.ts';
import { services } from './scenarios/services.ts';
import { subresources } from './scenarios/subresources.ts';
import { validation } from './scenarios/validation.ts';
import { wait } from './scenarios/wait.ts';
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
  subresources,
  crds,
  schemas,
  devices,
  events,
  nodesAndPods,
  configMapsAndSecrets,
  leases,
  services,
  kinds,
  namespaces,
  owners,
  metadata,
  edit,
  diff,
  replace,
  dryRun,
  wait,
  explain,
  auth,
  paging,
  errors,
  clientNode,
  bookmarks,
];
