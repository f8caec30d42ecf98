import type { JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import type { Resource } from '../resources/resource.ts';
import { fillDefaults } from '../validation/defaults.ts';

/** An object as stored, with the revision at which it was written where that is known. */
export interface StoredText {
  readonly body: string;
  readonly revision?: number;
}

/** Whether an object was written before its definition got (other) defaults; then reading has to fill them in. */
export function lacksDefaults({ revision = 0 }: StoredText, { custom }: Resource): boolean {
  return custom?.defaultsSince !== undefined && revision < custom.defaultsSince;
}

/** Fills in, in place, defaults that came after the object. */
export function fillLaterDefaults(object: JsonObject, found: StoredText, resource: Resource): void {
  if (lacksDefaults(found, resource)) fillDefaults(object, resource.custom?.schema as Schema);
}
