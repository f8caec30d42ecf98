import type { JsonObject } from '../json.ts';
import { invalidValue } from '../objects/causes.ts';
import type { Cause } from '../server/status.ts';
import { mapAt } from '../table/fields.ts';

export function leaseCauses(lease: JsonObject): Cause[] {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = mapAt(lease, 'spec');
  const causes: Cause[] = [];
  if (typeof duration === 'number' && duration <= 0) {
    causes.push(invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  }
  if (typeof transitions === 'number' && transitions < 0) {
    causes.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return causes;
}
