import type { Json, JsonObject } from '../json.ts';

/** A printer column as a CustomResourceDefinition declares it. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  /** The values at the column's JSONPath. */
  readonly read: (object: Json) => Json[];
}

export interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** One resource in one version, as it is served: a row of the built-in table, or made from a CustomResourceDefinition. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** `group/plural` under which objects are stored; events are stored once and served by two groups. */
  readonly storage: string;
  /** The version in which objects are stored, as the original says it. */
  readonly storedVersion: string;
  /** Whether status is written through its subresource only. */
  readonly hasStatus: boolean;
  /** Whether metadata.generation counts the changes of the wish. */
  readonly hasGeneration: boolean;
  /** An update without metadata.resourceVersion overwrites whatever is there, instead of being refused. */
  readonly unconditionalUpdate: boolean;
  /** Fields beside metadata.name and metadata.namespace that a field selector may name. */
  readonly selectableFields: readonly SelectableField[];
  /** Present when a CustomResourceDefinition made this resource. */
  readonly custom?: CustomResource;
  /** Present when the served form differs from the stored one by more than apiVersion and kind. */
  readonly conversion?: {
    readonly toServed: (object: JsonObject) => JsonObject;
    readonly toStored: (object: JsonObject) => JsonObject;
  };
}

/** What a CustomResourceDefinition says of one version. */
export interface CustomResource {
  readonly schema: JsonObject | undefined;
  readonly columns: readonly PrinterColumn[];
  /** The warning of a deprecated version. */
  readonly deprecation?: string;
  /** The revision of the definition when the schema has defaults: older objects get them when they are read. */
  readonly defaultsSince?: number;
}

export interface SelectableField {
  readonly path: string;
  readonly read: (object: JsonObject) => string;
}

/** `v1` or `demo.io/v1`. */
export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The value at a dotted path, as a field selector compares it: absent is the empty text. */
export function textAt(object: JsonObject, path: string): string {
  let value: Json | undefined = object;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, part)) return '';
    value = value[part];
  }
  return value === null || value === undefined || typeof value === 'object' ? '' : String(value);
}

/** A selectable field that is read where it is named. */
export const fieldAt = (path: string): SelectableField => ({ path, read: (object) => textAt(object, path) });
