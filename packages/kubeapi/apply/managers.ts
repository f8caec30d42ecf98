import { rejected } from '@selvedge/base/errors';
import { getKey, isObject, type Json, type JsonObject } from '../json.ts';
import { FieldSet, parseFieldsV1 } from './field-set.ts';

/** Who owns fields of an object, and since when. One entry of `metadata.managedFields`. */
export interface Manager {
  readonly name: string;
  /** Appliers declare what they want; updaters own what they changed. */
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** RFC 3339, in seconds. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** All managers of one object by {@link managerKey}. */
export type Managers = Map<string, Manager>;

/** More updaters than this are merged into one, oldest first; the original's bound. */
export const maxUpdaters = 10;

const oldUpdaters = 'ancient-changes';

/**
 * What tells two managers apart: an applier is one whatever version it applied in, an updater is one per version. The text
 * is the original's identifier, because managers of equal age are ordered by it.
 */
export function managerKey(manager: Omit<Manager, 'time' | 'fields'>): string {
  const { name, operation, apiVersion, subresource } = manager;
  return JSON.stringify({
    manager: name,
    operation,
    ...(operation === 'Update' && { apiVersion }),
    ...(subresource !== '' && { subresource }),
  });
}

/**
 * Reads `metadata.managedFields` of an object. Of two entries of one manager the later counts.
 * @throws FieldError `BadRequest` if an entry is malformed.
 */
export function readManagers(object: Json | undefined): Managers {
  const managers: Managers = new Map();
  const entries = managedFieldsOf(object);
  if (!Array.isArray(entries)) return managers;
  entries.forEach((entry, index) => {
    const manager = readManager(isObject(entry) ? entry : {}, index);
    managers.set(managerKey(manager), manager);
  });
  return managers;
}

function readManager(entry: JsonObject, index: number): Manager {
  const text = (key: string) => {
    const value = getKey(entry, key);
    return typeof value === 'string' ? value : '';
  };
  const fail = (reason: string) => rejected('BadRequest', `Cannot read managedFields: ${reason}`);
  const operation = text('operation');
  if (operation !== 'Apply' && operation !== 'Update') throw fail('operation must be `Apply` or `Update`');
  if (text('apiVersion') === '') throw fail('apiVersion must not be empty');
  if (text('fieldsType') === '') throw fail(`missing fieldsType in managed fields entry ${index}`);
  if (text('fieldsType') !== 'FieldsV1') {
    throw fail(`invalid fieldsType "${text('fieldsType')}" in managed fields entry ${index}`);
  }
  return {
    name: text('manager'),
    operation,
    apiVersion: text('apiVersion'),
    subresource: text('subresource'),
    time: text('time') || undefined,
    fields: parseFieldsV1(getKey(entry, 'fieldsV1') ?? {}),
  };
}

/** The raw `metadata.managedFields` of an object. */
export function managedFieldsOf(object: Json | undefined): Json | undefined {
  const metadata = isObject(object) ? getKey(object, 'metadata') : undefined;
  return isObject(metadata) ? getKey(metadata, 'managedFields') : undefined;
}

/** The object with these managers written into its metadata, or with none of it if nobody owns anything. */
export function withManagers(object: JsonObject, managers: Managers): JsonObject {
  const bare = withoutManagers(object);
  if (managers.size === 0) return bare;
  const entries = [...managers.values()].sort(compareManagers).map(writeManager);
  const metadata = getKey(bare, 'metadata');
  return { ...bare, metadata: { ...(isObject(metadata) ? metadata : {}), managedFields: entries } };
}

/** The object without `metadata.managedFields`. */
export function withoutManagers(object: JsonObject): JsonObject {
  const metadata = getKey(object, 'metadata');
  if (!isObject(metadata) || !Object.hasOwn(metadata, 'managedFields')) return object;
  const { managedFields: _managers, ...others } = metadata;
  return { ...object, metadata: others };
}

function writeManager(manager: Manager): JsonObject {
  return {
    ...(manager.name !== '' && { manager: manager.name }),
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time !== undefined && { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: manager.fields.toFieldsV1(),
    ...(manager.subresource !== '' && { subresource: manager.subresource }),
  };
}

/** Appliers before updaters, then by age, then by name. */
function compareManagers(a: Manager, b: Manager): number {
  const byText = (left: string, right: string) => (left === right ? 0 : left < right ? -1 : 1);
  return (
    byText(a.operation, b.operation) ||
    seconds(a) - seconds(b) ||
    byText(a.name, b.name) ||
    byText(a.apiVersion, b.apiVersion) ||
    byText(a.subresource, b.subresource)
  );
}

function seconds(manager: Manager): number {
  const milliseconds = manager.time === undefined ? Number.NaN : Date.parse(manager.time);
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1_000);
}

/** Merges the oldest updaters of each API version into one entry, so that an object cannot collect them without end. */
export function capUpdaters(managers: Managers): void {
  const updaters = [...managers]
    .filter(([, manager]) => manager.operation === 'Update')
    .sort(([keyA, a], [keyB, b]) => seconds(a) - seconds(b) || (keyA < keyB ? -1 : 1));
  const firstOfVersion = new Map<string, Manager>();
  for (const [, manager] of updaters) {
    if ([...managers.values()].filter((other) => other.operation === 'Update').length <= maxUpdaters) return;
    const first = firstOfVersion.get(manager.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, manager);
      continue;
    }
    const bucket = { ...manager, name: oldUpdaters, subresource: '' };
    const earlier = managers.get(managerKey(bucket))?.fields ?? FieldSet.empty;
    managers.delete(managerKey(first));
    managers.delete(managerKey(manager));
    managers.set(managerKey(bucket), { ...bucket, fields: manager.fields.union(earlier).union(first.fields) });
  }
}
