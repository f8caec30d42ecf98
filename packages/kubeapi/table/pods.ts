import type { JsonObject } from '../json.ts';
import { ago } from './age.ts';
import { at, listAt, mapAt, numberAt, textAt } from './fields.ts';
import { age, ageColumn, name, nameColumn, type Printer, text, wide } from './printer.ts';

export const podPrinter: Printer = {
  columns: [
    nameColumn,
    text('Ready'),
    text('Status'),
    text('Restarts'),
    ageColumn,
    wide('IP'),
    wide('Node'),
    wide('Nominated Node'),
    wide('Readiness Gates'),
  ],
  cells: (pod, now) => {
    const statuses = listAt(pod, 'status', 'containerStatuses');
    const containers = listAt(pod, 'spec', 'containers').length;
    return [
      name(pod),
      `${statuses.filter(isReady).length}/${containers}`,
      statusOf(pod, statuses),
      restartsOf(pod, statuses, now),
      age(pod, now),
      textAt(pod, 'status', 'podIP') || '<none>',
      textAt(pod, 'spec', 'nodeName') || '<none>',
      textAt(pod, 'status', 'nominatedNodeName') || '<none>',
      gatesOf(pod),
    ];
  },
};

const isReady = (status: JsonObject): boolean => status.ready === true && at(status, 'state', 'running') !== undefined;

/** What hinders the pod most: an init container, a container, else its phase. */
function statusOf(pod: JsonObject, statuses: readonly JsonObject[]): string {
  const phase = textAt(pod, 'status', 'phase');
  const reason = textAt(pod, 'status', 'reason') || phase;
  const init = initProblem(pod);
  const status = init ?? containersStatus(pod, statuses) ?? reason;
  if (at(pod, 'metadata', 'deletionTimestamp') === undefined) return status;
  if (textAt(pod, 'status', 'reason') === 'NodeLost') return 'Unknown';
  return phase === 'Failed' || phase === 'Succeeded' ? status : 'Terminating';
}

function initProblem(pod: JsonObject): string | undefined {
  const statuses = listAt(pod, 'status', 'initContainerStatuses');
  for (const [index, status] of statuses.entries()) {
    const terminated =
      at(status, 'state', 'terminated') === undefined ? undefined : mapAt(status, 'state', 'terminated');
    if (terminated !== undefined && numberAt(terminated, 'exitCode') === 0) continue;
    if (terminated !== undefined) return `Init:${endOf(terminated)}`;
    const waiting = textAt(status, 'state', 'waiting', 'reason');
    if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${listAt(pod, 'spec', 'initContainers').length}`;
  }
  return undefined;
}

function containersStatus(pod: JsonObject, statuses: readonly JsonObject[]): string | undefined {
  let found: string | undefined;
  for (const status of [...statuses].reverse()) {
    const waiting = textAt(status, 'state', 'waiting', 'reason');
    if (waiting !== '') found = waiting;
    else if (at(status, 'state', 'terminated') !== undefined) found = endOf(mapAt(status, 'state', 'terminated'));
  }
  // One container has run to its end while another is at work.
  if (found !== 'Completed' || !statuses.some(isReady)) return found;
  const ready = listAt(pod, 'status', 'conditions').some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready ? 'Running' : 'NotReady';
}

function endOf(terminated: JsonObject): string {
  const reason = textAt(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = numberAt(terminated, 'signal');
  return signal === 0 ? `ExitCode:${numberAt(terminated, 'exitCode')}` : `Signal:${signal}`;
}

/** `3 (5m ago)`: how often containers were started again, and when last. */
function restartsOf(pod: JsonObject, statuses: readonly JsonObject[], now: number): string {
  const counted = initProblem(pod) === undefined ? statuses : listAt(pod, 'status', 'initContainerStatuses');
  const restarts = counted.reduce((sum, status) => sum + numberAt(status, 'restartCount'), 0);
  const ends = counted.map((status) => textAt(status, 'lastState', 'terminated', 'finishedAt')).sort();
  const last = ends.at(-1) ?? '';
  return restarts > 0 && last !== '' ? `${restarts} (${ago(last, now)} ago)` : String(restarts);
}

function gatesOf(pod: JsonObject): string {
  const gates = listAt(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return '<none>';
  const conditions = listAt(pod, 'status', 'conditions');
  const met = gates.filter((gate) =>
    conditions.some(({ type, status }) => type === gate.conditionType && status === 'True'),
  );
  return `${met.length}/${gates.length}`;
}
