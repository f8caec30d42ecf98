import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Registry } from '../resources/registry.ts';
import { apiVersionOf, type Resource } from '../resources/resource.ts';
import { badRequest, type StatusError } from '../server/status.ts';
import { jsonKind } from '../validation/typed.ts';
import { metadataOf } from './metadata.ts';

/**
 * Parses a body. Nothing about what it means yet.
 * @param kind  what it should be, for the message; empty for options, of which the original says less
 * @throws StatusError 400 in the original's words
 */
export function parseJson(text: string, kind: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw unrecognized(
      kind,
      text,
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : ''}`,
    );
  }
  if (!isObject(value)) {
    throw unrecognized(
      kind,
      text,
      "couldn't get version/kind; json parse error: json: cannot unmarshal the body into an object",
    );
  }
  return value;
}

/** @param kind  what the body should be; empty for options */
export function unrecognized(kind: string, text: string, why: string): StatusError {
  return badRequest(
    kind === '' ? why : `the object provided is unrecognized (must be of type ${kind}): ${why} (${excerpt(text)})`,
  );
}

function excerpt(text: string): string {
  return text.length > 30 ? `${text.slice(0, 30)} ...` : text;
}

/**
 * Checks that the object is of the kind and version that the path serves. Built-in kinds may leave both out.
 * A custom resource of another kind is let through: that is a matter of validation.
 * @param text  the body, for the message about a missing kind
 */
export function checkKind(object: JsonObject, resource: Resource, registry: Registry, text: string): void {
  const expected = apiVersionOf(resource);
  const { kind, apiVersion } = object;
  if (resource.custom !== undefined) {
    const missing = typeof kind !== 'string' || kind === '' ? 'Kind' : undefined;
    if (missing !== undefined) {
      throw badRequest(
        `the object provided is unrecognized (must be of type ${resource.kind}): Object '${missing}' is missing in '${text}' (${excerpt(text)})`,
      );
    }
    if (apiVersion !== expected) {
      throw badRequest(
        `the API version in the data (${String(apiVersion ?? '')}) does not match the expected API version (${expected})`,
      );
    }
  } else if ((kind ?? resource.kind) !== resource.kind || (apiVersion ?? expected) !== expected) {
    throw otherKind(String(kind ?? resource.kind), String(apiVersion ?? expected), resource, registry);
  }
  object.kind ??= resource.kind;
  object.apiVersion = expected;
  checkMetadata(object, resource);
}

function otherKind(kind: string, apiVersion: string, resource: Resource, registry: Registry): StatusError {
  const other = registry.ofKind(apiVersion, kind);
  const [version = ''] = apiVersion.split('/').slice(-1);
  const why =
    other !== undefined && other.custom === undefined
      ? `converting (${version}.${kind}) to (${typeName(resource)}): unknown conversion`
      : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${resource.kind}: ${why}`);
}

/** `core.ConfigMap`, `coordination.Lease`: the original's internal type. */
const typeName = ({ group, kind }: Resource): string => `${group === '' ? 'core' : group.split('.')[0]}.${kind}`;

/** Checks that an object sent to a path of one name does not carry another. @throws StatusError 400 */
export function checkName(object: JsonObject, name: string): void {
  const own = metadataOf(object).name ?? name;
  if (own === name) return;
  throw badRequest(`the name of the object (${String(own)}) does not match the name on the URL (${name})`);
}

/** Metadata of any kind is an object; what is in it is a matter of its type. */
function checkMetadata({ metadata }: JsonObject, { kind, version }: Resource): void {
  if (metadata === undefined || metadata === null || isObject(metadata)) return;
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: json: cannot unmarshal ${jsonKind(metadata)} into Go ` +
      'struct field .metadata of type v1.ObjectMeta',
  );
}
