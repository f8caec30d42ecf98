import { FieldError } from '@selvedge/base/errors';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import { FieldSet } from './field-set.ts';
import {
  capUpdaters,
  type Managers,
  managedFieldsOf,
  readManagers,
  withManagers,
  withoutManagers,
} from './managers.ts';
import { addUpdate, handOver, overlaps } from './ownership.ts';

/** A create, update or patch that is not an apply, once its outcome is known. */
export interface Update {
  /** The object as it was; undefined for a create. */
  readonly before: Json | undefined;
  /** The object as it will be stored, with `metadata.managedFields` as the client sent them. */
  readonly after: Json;
  readonly manager: string;
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

/**
 * Records in `metadata.managedFields` who changed what, and returns the object with that.
 *
 * The client may edit managedFields itself (kubectl does, to move from client-side to server-side apply); an empty list
 * or a single empty entry resets them. An object that lost its managedFields is not tracked again until it is applied.
 * Never throws for what a client wrote into managedFields: then those of the stored object stay.
 */
export function trackUpdate(update: Update): Json {
  const { before, after, manager, time, schema, apiVersion, subresource } = update;
  if (!isObject(after)) return after;
  const known = managersForUpdate(update);
  const bare = withoutManagers(after);
  if (known.size === 0 && before !== undefined) return bare;
  const change = {
    before: before === undefined ? emptyLike(after) : isObject(before) ? withoutManagers(before) : {},
    after: bare,
    schema,
    managers: known,
    author: undefined,
    ignored: update.ignored ?? FieldSet.empty,
  };
  const { comparison } = overlaps(change);
  const author = { name: manager || 'unknown', operation: 'Update' as const, apiVersion, subresource, time };
  const managers = addUpdate(handOver(change, comparison), author, comparison);
  capUpdaters(managers);
  return withManagers(bare, managers);
}

/** What a create starts from: the kind, and nothing in it. */
export function emptyLike(object: JsonObject): JsonObject {
  const { apiVersion, kind } = object;
  return { ...(apiVersion !== undefined && { apiVersion }), ...(kind !== undefined && { kind }) };
}

function managersForUpdate({ before, after, subresource }: Update): Managers {
  const stored = () => readable(before) ?? new Map();
  if (subresource !== '') return stored();
  const sent = managedFieldsOf(after);
  if (isReset(sent)) return new Map();
  const managers = readable(after);
  return managers === undefined || managers.size === 0 ? stored() : managers;
}

function isReset(sent: Json | undefined): boolean {
  if (!Array.isArray(sent)) return false;
  const [first] = sent;
  return sent.length === 0 || (sent.length === 1 && isObject(first) && Object.keys(first).length === 0);
}

function readable(object: Json | undefined): Managers | undefined {
  try {
    return readManagers(object);
  } catch (error) {
    if (error instanceof FieldError) return undefined;
    throw error;
  }
}
