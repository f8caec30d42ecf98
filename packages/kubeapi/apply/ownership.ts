import type { Json } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import { type Comparison, compareObjects, ignoring } from './compare.ts';
import { FieldSet, FieldSetBuilder } from './field-set.ts';
import { type Manager, type Managers, managerKey } from './managers.ts';
import { fieldElement } from './path-element.ts';
import { rootType } from './typed.ts';
import { isBuiltIn, withZeroFields } from './zero-fields.ts';

/** The fields that another manager owns and that the change at hand would alter. */
export interface Overlap {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

/** One change of an object, seen from who owns what. */
export interface Change {
  readonly before: Json;
  readonly after: Json;
  /** The schema of both. */
  readonly schema: Schema;
  readonly managers: Managers;
  /** The one who makes the change; undefined when it is not among the managers. */
  readonly author: string | undefined;
  /** Fields that the change cannot touch, such as `status` outside its subresource. */
  readonly ignored: FieldSet;
}

/** What the change alters, and whom that takes fields from. */
export function overlaps(change: Change): { comparison: Comparison; overlaps: Overlap[] } {
  const [before, after] = [withZeroFields(change.before, change.schema), withZeroFields(change.after, change.schema)];
  const comparison = ignoring(
    compareObjects(before, after, rootType(change.schema), isBuiltIn(change.schema)),
    change.ignored,
  );
  const altered = comparison.modified.union(comparison.added);
  const found = [...change.managers]
    .filter(([key]) => key !== change.author)
    .map(([, manager]) => ({ manager, fields: manager.fields.intersection(altered) }))
    .filter(({ fields }) => !fields.isEmpty);
  return { comparison, overlaps: found };
}

/** The managers after a change: altered and removed fields leave everybody but the author; who owns nothing is gone. */
export function handOver(change: Change, comparison: Comparison): Managers {
  const lost = comparison.modified.union(comparison.added).union(comparison.removed);
  const managers: Managers = new Map();
  for (const [key, manager] of change.managers) {
    const kept = key === change.author ? manager.fields : manager.fields.difference(lost);
    if (!kept.isEmpty) managers.set(key, { ...manager, fields: kept });
  }
  return managers;
}

/** Adds an update to the managers: what the author altered joins what it owned before. */
export function addUpdate(managers: Managers, author: Omit<Manager, 'fields'>, comparison: Comparison): Managers {
  const taken = withoutIdentity(comparison.modified.union(comparison.added));
  if (taken.isEmpty) return managers;
  const key = managerKey(author);
  const owned = managers.get(key)?.fields ?? FieldSet.empty;
  return new Map(managers).set(key, { ...author, fields: owned.union(taken) });
}

const identity = new FieldSetBuilder();
for (const name of ['apiVersion', 'kind', 'metadata']) identity.insert([fieldElement(name)]);
for (const name of [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]) {
  identity.insert([fieldElement('metadata'), fieldElement(name)]);
}
const identityFields = identity.build();

/** A set without what says which object it is, and what only the server writes. Nobody owns these. */
export function withoutIdentity(fields: FieldSet): FieldSet {
  return fields.difference(identityFields);
}

/**
 * The fields that a write to this subresource cannot change. Outside `status` it is `status`, if the kind has that
 * subresource; inside it is `spec`, and for a custom kind the metadata too.
 */
export function fieldsOutOfReach(subresource: string, kind: { custom: boolean; hasStatus: boolean }): FieldSet {
  const fields = new FieldSetBuilder();
  if (subresource === '') {
    if (kind.hasStatus) fields.insert([fieldElement('status')]);
  } else if (subresource === 'status') {
    fields.insert([fieldElement('spec')]);
    if (kind.custom) fields.insert([fieldElement('metadata')]);
  }
  return fields.build();
}
