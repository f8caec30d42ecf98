import { fieldsOutOfReach } from '../apply/ownership.ts';
import { trackUpdate } from '../apply/track.ts';
import { isObject, type JsonObject } from '../json.ts';
import { schemaFor } from '../openapi/builtin.ts';
import { customSchema } from '../openapi/custom.ts';
import type { Schema } from '../openapi/schema.ts';
import { apiVersionOf, type Resource } from '../resources/resource.ts';

const free: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** Schemas of resources in the form that patches and field ownership want; made once for each. */
export class Schemas {
  readonly #made = new WeakMap<object, Schema>();

  of(resource: Resource): Schema {
    const known = this.#made.get(resource);
    if (known !== undefined) return known;
    const { group, version, kind, custom } = resource;
    const schema =
      custom === undefined
        ? schemaFor({ group, version, kind })
        : customSchema((custom.schema as Schema | undefined) ?? free);
    this.#made.set(resource, schema ?? free);
    return schema ?? free;
  }
}

/** The fields that a write to this part of the resource cannot change, so that nobody comes to own them by it. */
export const outOfReach = ({ custom, hasStatus }: Resource, subresource: string) =>
  fieldsOutOfReach(subresource, { custom: custom !== undefined, hasStatus });

/** RFC 3339 in whole seconds, as managedFields have it. */
export const timeText = (now: number): string => new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');

/** `after` with its managedFields saying who changed what. */
export function owned(
  schemas: Schemas,
  write: {
    readonly resource: Resource;
    readonly subresource: string;
    readonly before: JsonObject | undefined;
    readonly after: JsonObject;
    readonly manager: string;
    readonly now: number;
  },
): JsonObject {
  const { resource, subresource, before, after, manager, now } = write;
  const tracked = trackUpdate({
    before,
    after,
    manager,
    time: timeText(now),
    schema: schemas.of(resource),
    apiVersion: apiVersionOf(resource),
    subresource,
    ignored: outOfReach(resource, subresource),
  });
  return isObject(tracked) ? tracked : after;
}
