import { withZeroFields } from '../apply/zero-fields.ts';
import { goText } from '../go-text.ts';
import type { JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import type { Resource } from '../resources/resource.ts';
import { badRequest, type Cause, invalid, type StatusError } from '../server/status.ts';
import { fillDefaults } from '../validation/defaults.ts';
import { enumCauses } from '../validation/enums.ts';
import { prune } from '../validation/prune.ts';
import { conformTyped, TypeMismatch } from '../validation/typed.ts';
import { schemaCauses } from '../validation/validate.ts';
import { invalidValue } from './causes.ts';
import type { WriteContext } from './context.ts';
import { metadataOf } from './metadata.ts';
import type { Schemas } from './ownership.ts';

/**
 * Brings what a client sent into the form of its schema, in place: unknown fields go, a custom resource gets its defaults.
 * @throws StatusError for what does not fit the types of a built-in kind, and for unknown or doubled fields when the
 *   client asked for strict validation; told as warnings otherwise
 */
export function conform(object: JsonObject, resource: Resource, schemas: Schemas, context: WriteContext): void {
  const unknown = conformToSchema(object, resource, schemas, context).map((path) => `unknown field "${path}"`);
  const doubled = context.duplicates.map((path) => `duplicate field "${path}"`);
  const flaws = [...doubled, ...unknown];
  if (flaws.length > 0 && context.fieldValidation === 'Strict') {
    throw undecodable(`strict decoding error: ${flaws.join(', ')}`, object, resource, context);
  }
  if (context.fieldValidation === 'Warn') context.warnings.push(...flaws);
}

function conformToSchema(object: JsonObject, resource: Resource, schemas: Schemas, context: WriteContext): string[] {
  const schema = schemas.of(resource);
  try {
    if (resource.custom === undefined) return conformTyped(object, schema, resource.kind);
    const metadata = schema.properties?.metadata ?? {};
    const unknown = conformTyped(metadataOf(object), metadata, 'ObjectMeta', 'metadata');
    return [...unknown, ...conformCustom(object, resource.custom.schema as Schema | undefined)];
  } catch (error) {
    if (!(error instanceof TypeMismatch)) throw error;
    const why = context.patch?.form === 'strategic' ? error.converted : error.message;
    throw undecodable(why, object, resource, context);
  }
}

function conformCustom(object: JsonObject, schema: Schema | undefined): string[] {
  if (schema === undefined) return [];
  const unknown = prune(object, schema);
  fillDefaults(object, schema);
  return unknown;
}

/** A body that cannot be read is a bad request; a patch is told as an invalid value of itself, or of what it leads to. */
function undecodable(why: string, object: JsonObject, { kind, version }: Resource, context: WriteContext): StatusError {
  const { patch } = context;
  if (patch === undefined) return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  const quoted = patch.form === 'strategic' ? goText(patch.body) : JSON.stringify(object);
  return invalid({ group: '', kind: '', name: '' }, [invalidValue('patch', quoted, why)]);
}

/** Gives a built-in object, in place, the fields that its Go type always writes. */
export function complete(object: JsonObject, resource: Resource, schemas: Schemas): void {
  if (resource.custom === undefined) Object.assign(object, withZeroFields(object, schemas.of(resource)));
}

/** What an object breaks of its schema. A write to a custom status is judged by the schema of the status alone. */
export function schemaFlaws(object: JsonObject, resource: Resource, subresource: string, schemas: Schemas): Cause[] {
  if (resource.custom === undefined) return enumCauses(object, schemas.of(resource));
  const schema = resource.custom.schema as Schema | undefined;
  if (schema === undefined) return [];
  if (subresource !== 'status') return schemaCauses(object, schema);
  const status = schema.properties?.status;
  if (object.status === undefined || status === undefined) return [];
  return schemaCauses(object.status, status).map((cause) => ({ ...cause, field: `status.${cause.field}` }));
}
