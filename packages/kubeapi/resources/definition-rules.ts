import { isObject, type JsonObject } from '../json.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../objects/causes.ts';
import type { Cause } from '../server/status.ts';
import { structuralCauses } from './structural.ts';

/** What a new CustomResourceDefinition is before its names are looked at. */
export function prepareDefinition(definition: JsonObject): void {
  const spec = isObject(definition.spec) ? definition.spec : {};
  const versions = Array.isArray(spec.versions) ? spec.versions.filter(isObject) : [];
  const storage = versions.filter((version) => version.storage === true).map((version) => String(version.name));
  definition.status = { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: storage };
}

/** Fills in what a CustomResourceDefinition may leave out. */
export function defaultDefinition(definition: JsonObject): void {
  if (!isObject(definition.spec)) return;
  const spec = definition.spec;
  if (isObject(spec.names) && typeof spec.names.kind === 'string') {
    spec.names.singular ??= spec.names.kind.toLowerCase();
    spec.names.listKind ??= `${spec.names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
}

/** The rules of a definition that an OpenAPI schema cannot say. */
export function definitionCauses(definition: JsonObject, before: JsonObject | undefined): Cause[] {
  const spec = isObject(definition.spec) ? definition.spec : {};
  const names = isObject(spec.names) ? spec.names : {};
  const causes: Cause[] = [];
  const name = String((definition.metadata as JsonObject).name ?? '');
  const wanted = `${String(names.plural ?? '')}.${String(spec.group ?? '')}`;
  if (name !== wanted && before === undefined) {
    causes.push(invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  }
  if ((spec.group ?? '') === '') causes.push(required('spec.group'));
  if (spec.scope === undefined || spec.scope === '') causes.push(required('spec.scope'));
  else if (spec.scope !== 'Namespaced' && spec.scope !== 'Cluster') {
    causes.push(notSupported('spec.scope', spec.scope, ['Cluster', 'Namespaced']));
  }
  for (const key of ['plural', 'singular', 'kind', 'listKind']) {
    if ((names[key] ?? '') === '') causes.push(required(`spec.names.${key}`));
  }
  causes.push(...versionCauses(spec), ...changedCauses(spec, before));
  return causes;
}

function versionCauses(spec: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const versions = Array.isArray(spec.versions) ? spec.versions.filter(isObject) : [];
  const storing = versions.filter((version) => version.storage === true);
  if (storing.length !== 1) {
    causes.push(
      invalidValue('spec.versions', spec.versions, 'must have exactly one version marked as storage version'),
    );
  }
  if (storing.length === 0) {
    causes.push(invalidValue('status.storedVersions', null, 'must have at least one stored version'));
  }
  return [...causes, ...structuralCauses(versions)];
}

/** What would leave the stored objects without their kind. */
function changedCauses(spec: JsonObject, before: JsonObject | undefined): Cause[] {
  if (before === undefined || !isObject(before.spec)) return [];
  const old = before.spec;
  const causes: Cause[] = [];
  for (const key of ['group', 'scope']) {
    if (spec[key] !== old[key]) causes.push(invalidValue(`spec.${key}`, spec[key], 'field is immutable'));
  }
  const names = isObject(spec.names) ? spec.names : {};
  const oldNames = isObject(old.names) ? old.names : {};
  for (const key of ['plural', 'kind']) {
    if (names[key] !== oldNames[key]) causes.push(invalidValue(`spec.names.${key}`, names[key], 'field is immutable'));
  }
  if (spec.preserveUnknownFields === true) {
    causes.push(forbiddenField('spec.preserveUnknownFields', 'must be false'));
  }
  return causes;
}
