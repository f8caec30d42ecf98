import { rejected } from '@selvedge/base/errors';
import { equalJson, getKey, isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import { type Conflict, conflictsOf } from './conflicts.ts';
import { FieldSet } from './field-set.ts';
import { fieldsOf, withDeclaredParents, withoutFields } from './fields-of.ts';
import { fieldsLastApplied, withLastApplied } from './last-applied.ts';
import {
  type Manager,
  type Managers,
  managedFieldsOf,
  managerKey,
  readManagers,
  withManagers,
  withoutManagers,
} from './managers.ts';
import { mergeApplied } from './merge.ts';
import { addUpdate, type Change, handOver, overlaps, withoutIdentity } from './ownership.ts';
import { emptyLike } from './track.ts';
import { rootType, type Type } from './typed.ts';
import { misfits } from './validate.ts';

/** A server-side apply. */
export interface Apply {
  /** The object as stored; undefined if the apply creates it. */
  readonly live: Json | undefined;
  /** What the client applies. */
  readonly applied: Json;
  readonly manager: string;
  /** Take fields from others instead of refusing. */
  readonly force: boolean;
  /** Now, RFC 3339 in seconds: `2026-01-31T12:00:00Z`. */
  readonly time: string;
  /** What `schemaFor` or `customSchema` gives for the kind. */
  readonly schema: Schema;
  readonly apiVersion: string;
  /** `status`, or empty for the object itself. */
  readonly subresource: string;
  /** Fields out of this write's reach, see `fieldsOutOfReach`. Default: none. */
  readonly ignored?: FieldSet;
}

/** The owner of what stood in an object before it was first applied, where nobody had been recorded. */
const unrecorded = 'before-first-apply';

/**
 * Applies a configuration and records who owns what in `metadata.managedFields`.
 *
 * What the manager applied before and leaves out now goes away, unless somebody else owns it too. A field that another
 * manager owns with another value is a conflict, unless `force`. Defaults are the caller's to fill in afterwards.
 * Applying the same thing again gives back the same object, times included.
 * @throws FieldError `BadRequest` if the configuration carries managedFields or another version, `NotTyped` with the
 *   original's text if it does not fit the schema.
 */
export function applyPatch(request: Apply): { object: Json } | { conflicts: Conflict[] } {
  const { live, manager, force, apiVersion } = request;
  const applied = checkedConfiguration(request);
  const type = rootType(request.schema);
  const before = isObject(live) ? live : emptyLike(applied);
  const managers = managersOf(before, request);

  let outcome = applyTo(before, applied, { request, type, managers, force });
  if ('conflicts' in outcome && manager === 'kubectl') {
    const allowed = fieldsLastApplied(withoutManagers(before), apiVersion, type);
    const conflicts = outcome.conflicts.filter(({ path }) => !allowed.has(path));
    outcome = conflicts.length > 0 ? { conflicts } : applyTo(before, applied, { request, type, managers, force: true });
  }
  if ('conflicts' in outcome) return { conflicts: outcome.conflicts };
  const object = manager === 'kubectl' ? withLastApplied(outcome.object, applied) : outcome.object;
  return { object: withManagers(object, outcome.managers) };
}

interface Setting {
  readonly request: Apply;
  readonly type: Type;
  readonly managers: Managers;
  readonly force: boolean;
}

type Outcome = { readonly object: JsonObject; readonly managers: Managers } | { readonly conflicts: Conflict[] };

function applyTo(before: JsonObject, applied: JsonObject, setting: Setting): Outcome {
  const { request, type, force } = setting;
  const ignored = request.ignored ?? FieldSet.empty;
  const author: Omit<Manager, 'fields' | 'time'> = {
    name: request.manager || 'unknown',
    operation: 'Apply',
    apiVersion: request.apiVersion,
    subresource: request.subresource,
  };
  const key = managerKey(author);
  const last = setting.managers.get(key);
  const managers = new Map(setting.managers);
  managers.set(key, { ...author, time: last?.time, fields: fieldsOf(applied, type).outside(ignored) });

  const live = withoutManagers(before);
  const merged = mergeApplied(live, applied, type);
  const pruned = prune(merged, last?.fields ?? FieldSet.empty, managers, type);
  // What pruning emptied is gone; an empty map or list that is applied has to be there all the same.
  const whole = mergeApplied(pruned, applied, type);
  const after = isObject(whole) ? whole : {};
  const change: Change = { before: live, after, schema: request.schema, managers, author: key, ignored };
  const found = overlaps(change);
  if (!force && found.overlaps.length > 0) return { conflicts: conflictsOf(found.overlaps) };

  const handed = handOver(change, found.comparison);
  const own = handed.get(key);
  if (own !== undefined) {
    const fields = withoutIdentity(own.fields);
    const time = equalJson(live, after) ? own.time : request.time;
    if (fields.isEmpty) handed.delete(key);
    else handed.set(key, { ...own, fields, time });
  }
  return { object: after, managers: handed };
}

/** Takes out what the manager applied last and does not any more, as long as nobody else owns it. */
function prune(merged: Json, last: FieldSet, managers: Managers, type: Type): Json {
  if (last.isEmpty) return merged;
  const parents = (fields: FieldSet) => withDeclaredParents(fields, type);
  const everything = parents(fieldsOf(merged, type));
  const without = withoutFields(merged, parents(last), type) ?? {};
  let owned = FieldSet.empty;
  for (const manager of managers.values()) owned = owned.union(manager.fields);
  // First give back what anybody owns, then what the manager never owned: it only stood below something that went away.
  const kept = parents(fieldsOf(without, type)).union(parents(owned));
  const withOwned = withoutFields(merged, everything.difference(kept), type) ?? {};
  const gone = everything.difference(parents(fieldsOf(withOwned, type))).intersection(parents(last));
  return withoutFields(merged, gone, type) ?? {};
}

function managersOf(before: JsonObject, request: Apply): Managers {
  const managers = readManagers(before);
  if (managers.size > 0 || request.live === undefined) return managers;
  const { apiVersion, schema, subresource, time } = request;
  const author = { name: unrecorded, operation: 'Update' as const, apiVersion, subresource, time };
  const ignored = request.ignored ?? FieldSet.empty;
  const change = {
    before: emptyLike(before),
    after: withoutManagers(before),
    schema,
    managers,
    author: undefined,
    ignored,
  };
  return addUpdate(managers, author, overlaps(change).comparison);
}

function checkedConfiguration({ applied, apiVersion, schema }: Apply): JsonObject {
  if (!isObject(applied)) throw rejected('BadRequest', 'error decoding patch: a configuration is an object');
  const version = getKey(applied, 'apiVersion');
  if (version !== apiVersion) {
    throw rejected('BadRequest', `invalid object type: ${kindText(applied)}`);
  }
  if ((managedFieldsOf(applied) ?? null) !== null) {
    throw rejected('BadRequest', 'metadata.managedFields must be nil');
  }
  const reason = misfits(applied, rootType(schema));
  if (reason === undefined) return applied;
  throw rejected('NotTyped', `failed to create typed patch object (${whichObject(applied)}): ${reason}`);
}

/** `NAMESPACE/NAME; GROUP/VERSION, Kind=KIND`. */
function whichObject(object: JsonObject): string {
  const metadata = getKey(object, 'metadata');
  const text = (from: Json | undefined, key: string) => {
    const value = isObject(from) ? getKey(from, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  return `${text(metadata, 'namespace')}/${text(metadata, 'name')}; ${kindText(object)}`;
}

function kindText(object: JsonObject): string {
  const apiVersion = String(getKey(object, 'apiVersion') ?? '');
  return `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${String(getKey(object, 'kind') ?? '')}`;
}
