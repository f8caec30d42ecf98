import { parse as parseYaml } from 'yaml';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { parseJson } from '../objects/decode.ts';
import { decodeProtobuf, protobufType } from '../protobuf/decode.ts';
import { duplicateFields } from '../validation/duplicate-fields.ts';
import type { ApiRequest } from './request.ts';
import { badRequest, StatusError } from './status.ts';

/** The body as an object, from JSON, YAML or a protocol buffer. @throws StatusError 400 or 415 */
export function bodyOf(request: ApiRequest, kind = request.resource.kind): JsonObject {
  const { contentType, body } = request;
  if (jsonTypes.has(contentType)) return parseJson(body, kind);
  if (contentType === 'application/yaml') {
    const value = yamlOf(body);
    if (isObject(value)) return value;
    throw badRequest('error parsing YAML: expected an object');
  }
  if (contentType === protobufType) return decodeProtobuf(request.bytes, kind);
  const accepted = ['application/json', 'application/yaml', protobufType].join(', ');
  throw unknownFormat(accepted);
}

/** A body of YAML, as it is. @throws StatusError 400 */
export function yamlOf(text: string): Json {
  try {
    return parseYaml(text, { maxAliasCount: 100 }) as Json;
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : ''}`);
  }
}

export const unknownFormat = (accepted: string): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );

const jsonTypes = new Set(['', 'application/json']);

/** Paths of the members that a JSON body has more than once. What is no JSON is refused where it is parsed. */
export function doubledFields({ contentType, body }: ApiRequest): string[] {
  if (!jsonTypes.has(contentType)) return [];
  try {
    return duplicateFields(body);
  } catch {
    // No JSON: whoever decodes the body says so.
    return [];
  }
}
