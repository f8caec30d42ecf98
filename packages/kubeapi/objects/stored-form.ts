import type { JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import { apiVersionOf, type Resource } from '../resources/resource.ts';
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

/** The object as `resource` serves it. */
export function fromStored(found: StoredText, resource: Resource): JsonObject {
  const object: JsonObject = {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    ...(JSON.parse(found.body) as JsonObject),
  };
  if (lacksDefaults(found, resource)) fillDefaults(object, resource.custom?.schema as Schema);
  return resource.conversion === undefined ? object : resource.conversion.toServed(object);
}

/** The object as it is stored, whichever resource served it. */
export function toStored(object: JsonObject, { conversion }: Resource): JsonObject {
  return conversion === undefined ? object : conversion.toStored(object);
}
