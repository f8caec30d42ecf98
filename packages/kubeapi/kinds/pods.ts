import { equalJson, isObject, type JsonObject } from '../json.ts';
import { duplicate, forbiddenField, invalidValue, required } from '../objects/causes.ts';
import { labelProblem } from '../objects/names.ts';
import type { Cause } from '../server/status.ts';
import { listAt } from '../table/fields.ts';

const changeable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export function podCauses(pod: JsonObject, before: JsonObject | undefined): Cause[] {
  const containers = listAt(pod, 'spec', 'containers');
  if (containers.length === 0) return [required('spec.containers')];
  const causes = ['containers', 'initContainers'].flatMap((field) => containerCauses(pod, field));
  return before === undefined ? causes : [...causes, ...changeCauses(pod, before)];
}

function containerCauses(pod: JsonObject, field: string): Cause[] {
  const causes: Cause[] = [];
  const seen = new Set<string>();
  for (const [index, container] of listAt(pod, 'spec', field).entries()) {
    const at = `spec.${field}[${index}]`;
    const name = String(container.name ?? '');
    const problem = labelProblem(name);
    if (name === '') causes.push(required(`${at}.name`));
    else if (problem !== undefined) causes.push(invalidValue(`${at}.name`, name, problem));
    else if (seen.has(name)) causes.push(duplicate(`${at}.name`, name));
    seen.add(name);
    if ((container.image ?? '') === '') causes.push(required(`${at}.image`));
  }
  return causes;
}

/** A pod is a promise that a node works on: of what it is to run hardly anything may change. */
function changeCauses(pod: JsonObject, before: JsonObject): Cause[] {
  for (const field of ['containers', 'initContainers']) {
    if (listAt(pod, 'spec', field).length !== listAt(before, 'spec', field).length) {
      return [forbiddenField(`spec.${field}`, `pod updates may not add or remove ${field}`)];
    }
  }
  return equalJson(fixedPart(pod), fixedPart(before)) ? [] : [forbiddenField('spec', changeable)];
}

function fixedPart(pod: JsonObject): JsonObject {
  const spec = isObject(pod.spec) ? { ...pod.spec } : {};
  delete spec.activeDeadlineSeconds;
  delete spec.tolerations;
  for (const field of ['containers', 'initContainers']) {
    if (spec[field] !== undefined)
      spec[field] = listAt(spec, field).map(({ image: _image, ...container }) => container);
  }
  return spec;
}
