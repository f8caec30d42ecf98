import type { JsonObject } from '../json.ts';
import { invalidValue } from '../objects/causes.ts';
import { toCoreEvent } from '../resources/events.ts';
import type { Cause } from '../server/status.ts';
import { textAt } from '../table/fields.ts';

/** An event lives in the namespace of the object it speaks of; one about what is outside namespaces, in `default`. */
export function eventCauses(event: JsonObject): Cause[] {
  const own = textAt(event, 'metadata', 'namespace');
  const spoken = textAt(toCoreEvent(event), 'involvedObject', 'namespace');
  if (spoken === own || (spoken === '' && own === 'default')) return [];
  return [invalidValue('involvedObject.namespace', spoken, 'does not match event.namespace')];
}
