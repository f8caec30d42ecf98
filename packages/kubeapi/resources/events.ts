import type { JsonObject } from '../json.ts';

/** Field of v1 Event on the left, of events.k8s.io/v1 Event on the right. The rest has one name in both. */
const renamed: readonly (readonly [core: string, current: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

/** A v1 Event in the words of events.k8s.io/v1. */
export function fromCoreEvent(event: JsonObject): JsonObject {
  const result = { ...event };
  for (const [core, current] of renamed) move(result, core, current);
  // Always there in the older kind, left out of the newer when empty.
  for (const key of ['reportingController', 'reportingInstance']) if (result[key] === '') delete result[key];
  return result;
}

/** An events.k8s.io/v1 Event in the words of v1, which is how events are stored. */
export function toCoreEvent(event: JsonObject): JsonObject {
  const result = { ...event };
  for (const [core, current] of renamed) move(result, current, core);
  return { reportingComponent: '', reportingInstance: '', ...result };
}

function move(object: JsonObject, from: string, to: string): void {
  const value = object[from];
  delete object[from];
  if (value !== undefined) object[to] = value;
}
