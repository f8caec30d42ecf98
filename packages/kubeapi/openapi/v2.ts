import { isObject, type Json, type JsonObject } from '../json.ts';
import { describe } from './documents.ts';
import type { DocumentedResource } from './paths.ts';
import { referencePrefix, type Schema } from './schema.ts';
import { mapChildren } from './walk.ts';

/** `/openapi/v2` as JSON: the same facts as in version 3, in the older form that old clients read. */
export function openApiV2(resources: readonly DocumentedResource[]): JsonObject {
  const { paths, definitions } = describe(resources);
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: '1.37' },
    paths: Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, pathItem(item as JsonObject)])),
    definitions: Object.fromEntries(
      Object.entries(definitions).map(([name, schema]) => [name, definition(schema) as unknown as JsonObject]),
    ),
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    security: [{ BearerToken: [] }],
  };
}

/** Version 2 has no alternatives, no null, and allows a description beside a reference. */
function definition(schema: Schema): Schema {
  const { oneOf, anyOf: _any, not: _not, nullable, allOf, ...kept } = mapChildren(schema, definition);
  const reference = kept.$ref ?? (allOf?.length === 1 ? allOf[0]?.$ref : undefined);
  if (reference !== undefined) {
    const { $ref: _ref, ...beside } = kept;
    return { ...beside, $ref: inV2(reference) };
  }
  const open = kept['x-kubernetes-preserve-unknown-fields'] === true || kept['x-kubernetes-int-or-string'] === true;
  if (open || nullable === true) return anything(kept);
  // Quantities and ports: a number or a text, which version 2 can only call a text.
  if (kept.type === undefined && oneOf !== undefined) return { ...kept, type: 'string' };
  return kept;
}

/** A place that may hold null or unknown fields can only be described as anything at all. */
function anything(schema: Schema): Schema {
  const { type: _type, format: _format, items: _items, properties: _properties, required: _required, ...kept } = schema;
  return kept;
}

const inV2 = (reference: string) => reference.replace(referencePrefix, '#/definitions/');

function pathItem(item: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => [
      key,
      key === 'parameters' ? parametersOf(value) : operation(value as JsonObject),
    ]),
  );
}

function operation({ requestBody, parameters, responses, ...rest }: JsonObject): JsonObject {
  const content = isObject(requestBody) && isObject(requestBody.content) ? requestBody.content : undefined;
  const [first] = Object.values(content ?? {});
  const body: JsonObject | undefined = isObject(first)
    ? {
        name: 'body',
        in: 'body',
        required: isObject(requestBody) && requestBody.required === true,
        schema: schemaIn(first),
      }
    : undefined;
  return {
    ...rest,
    consumes: content === undefined ? ['*/*'] : Object.keys(content),
    produces: ['application/json', 'application/yaml'],
    parameters: [...(body === undefined ? [] : [body]), ...parametersOf(parameters ?? [])],
    responses: Object.fromEntries(
      Object.entries(responses as JsonObject).map(([code, response]) => [code, responseOf(response as JsonObject)]),
    ),
  };
}

function responseOf({ description = '', content }: JsonObject): JsonObject {
  const [first] = Object.values(isObject(content) ? content : {});
  return isObject(first) ? { description, schema: schemaIn(first) } : { description };
}

function schemaIn(content: JsonObject): Json {
  const reference = isObject(content.schema) ? content.schema.$ref : undefined;
  return { $ref: inV2(String(reference)) };
}

function parametersOf(parameters: Json): JsonObject[] {
  const list = Array.isArray(parameters) ? parameters.filter(isObject) : [];
  return list.map(({ schema, ...parameter }) => ({ ...parameter, ...(isObject(schema) ? schema : {}) }));
}
