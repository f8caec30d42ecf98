import type { JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import type { Resource } from '../resources/resource.ts';
import { badRequest, type Cause } from '../server/status.ts';
import { fillDefaults } from '../validation/defaults.ts';
import { prune } from '../validation/prune.ts';
import { schemaCauses } from '../validation/validate.ts';
import type { WriteContext } from './context.ts';

/**
 * Brings a custom resource into the form of its CRD's schema, in place: unknown fields go, defaults come.
 * @throws StatusError 400 for unknown fields when the client asked for strict validation; told as warnings otherwise
 */
export function conform(object: JsonObject, resource: Resource, context: WriteContext): void {
  const schema = resource.custom?.schema as Schema | undefined;
  if (schema === undefined) return;
  const unknown = prune(object, schema).map((path) => `unknown field "${path}"`);
  if (unknown.length > 0 && context.fieldValidation === 'Strict') {
    const { kind, version } = resource;
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${unknown.join(', ')}`,
    );
  }
  if (context.fieldValidation === 'Warn') context.warnings.push(...unknown);
  fillDefaults(object, schema);
}

/** What a custom resource breaks of its schema. */
export function customCauses(object: JsonObject, resource: Resource): Cause[] {
  const schema = resource.custom?.schema as Schema | undefined;
  return schema === undefined ? [] : schemaCauses(object, schema);
}
