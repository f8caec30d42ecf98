import type { JsonObject } from '../json.ts';
import { invalidValue, required } from '../objects/causes.ts';
import { toCoreEvent } from '../resources/events.ts';
import type { Cause } from '../server/status.ts';
import { textAt } from '../table/fields.ts';

const maxText = 128;

/**
 * An event lives in the namespace of the object it speaks of; one about what is outside namespaces, in `default`. An event
 * of the new kind, which is what one with an eventTime is, says who reports it, and why.
 */
export function eventCauses(event: JsonObject): Cause[] {
  const core = toCoreEvent(event);
  const isNew = event.apiVersion === 'events.k8s.io/v1';
  const own = textAt(event, 'metadata', 'namespace');
  const spoken = textAt(core, 'involvedObject', 'namespace');
  const timed = textAt(core, 'eventTime') !== '';
  const placed = spoken === '' ? own === 'default' : timed || spoken === own;
  const causes = placed ? [] : [invalidValue('involvedObject.namespace', spoken, 'does not match event.namespace')];
  if (isNew && !timed) causes.push(required('eventTime'));
  if (!timed) return causes;
  const reporter = isNew ? 'reportingController' : 'reportingComponent';
  if (textAt(core, 'reportingComponent') === '') causes.push(required(reporter));
  for (const field of ['reportingInstance', 'action', 'reason']) {
    const text = textAt(core, field);
    if (text === '') causes.push(required(field));
    else if (text.length > maxText) causes.push(invalidValue(field, '', `can have at most ${maxText} characters`));
  }
  return causes;
}
