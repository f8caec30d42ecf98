import { isObject, type Json, type JsonObject } from '../json.ts';
import { bool, concat, count, double, type Field, message, text } from './protobuf.ts';
import type { Schema } from './schema.ts';

/** What kubectl accepts of `/openapi/v2`; it reads nothing else there. */
export const v2ProtobufAccepted = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** The content type of that answer. A media type cannot hold the `@` that is asked for. */
export const v2ProtobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/**
 * The document of `openApiV2` as a protocol buffer. Field numbers are those of `Document` and what is below it in the
 * OpenAPIv2.proto of gnostic; only what our document uses is here.
 */
export function openApiV2Protobuf(document: JsonObject): Uint8Array {
  const info = document.info as JsonObject;
  const paths = Object.entries(document.paths as { [path: string]: JsonObject });
  const definitions = Object.entries(document.definitions as unknown as { [name: string]: Schema });
  return concat([
    text(1, String(document.swagger)),
    message(2, [text(1, String(info.title)), text(2, String(info.version))]),
    message(
      8,
      paths.map(([path, item]) => message(2, [text(1, path), message(2, pathItem(item))])),
    ),
    message(9, named(definitions)),
  ]);
}

const methods = [
  ['get', 2],
  ['put', 3],
  ['post', 4],
  ['delete', 5],
  ['patch', 8],
] as const;

function pathItem(item: JsonObject): Field[] {
  const operations = methods.flatMap(([method, field]) => {
    const operation = item[method];
    return isObject(operation) ? [message(field, operationFields(operation))] : [];
  });
  return [...operations, ...parameters(9, item.parameters)];
}

function operationFields(operation: JsonObject): Field[] {
  const responses = Object.entries(operation.responses as { [code: string]: JsonObject });
  return [
    ...texts(1, operation.tags),
    ...texts(6, operation.produces),
    ...texts(7, operation.consumes),
    ...parameters(8, operation.parameters),
    message(
      9,
      responses.map(([code, { description, schema }]) => {
        const body = isObject(schema) ? [message(2, [message(1, schemaFields(schema as Schema))])] : [];
        return message(1, [text(1, code), message(2, [message(1, [text(1, String(description)), ...body])])]);
      }),
    ),
    ...extensions(13, operation),
  ];
}

function parameters(field: number, list: Json | undefined): Field[] {
  return (Array.isArray(list) ? list : []).filter(isObject).map((parameter) => {
    const [name, type] = [String(parameter.name), String(parameter.type)];
    const required = parameter.required === true;
    const unique = parameter.uniqueItems === true;
    let content: Field;
    if (parameter.in === 'body') {
      const schema = message(5, schemaFields(parameter.schema as Schema));
      content = message(1, [text(2, name), text(3, 'body'), bool(4, required), schema]);
    } else if (parameter.in === 'path') {
      const fields = [bool(1, required), text(2, 'path'), text(4, name), text(5, type), bool(18, unique)];
      content = message(2, [message(4, fields)]);
    } else {
      const fields = [bool(1, required), text(2, 'query'), text(4, name), text(6, type), bool(20, unique)];
      content = message(2, [message(3, fields)]);
    }
    return message(field, [message(1, [content])]);
  });
}

function schemaFields(schema: Schema): Field[] {
  const { additionalProperties: others, properties, items } = schema;
  return [
    text(1, schema.$ref),
    text(2, schema.format),
    text(4, schema.description),
    ...(schema.default === undefined ? [] : [anyValue(5, schema.default)]),
    double(6, schema.multipleOf),
    double(7, schema.maximum),
    bool(8, schema.exclusiveMaximum),
    double(9, schema.minimum),
    bool(10, schema.exclusiveMinimum),
    count(11, schema.maxLength),
    count(12, schema.minLength),
    text(13, schema.pattern),
    count(14, schema.maxItems),
    count(15, schema.minItems),
    bool(16, schema.uniqueItems),
    count(17, schema.maxProperties),
    count(18, schema.minProperties),
    ...(schema.required ?? []).map((name) => text(19, name)),
    ...(schema.enum ?? []).map((value) => anyValue(20, value)),
    ...(typeof others === 'boolean' ? [message(21, [bool(2, others)])] : []),
    ...(typeof others === 'object' ? [message(21, [message(1, schemaFields(others))])] : []),
    ...(schema.type === undefined ? [] : [message(22, [text(1, schema.type)])]),
    ...(items === undefined ? [] : [message(23, [message(1, schemaFields(items))])]),
    ...(schema.allOf ?? []).map((each) => message(24, schemaFields(each))),
    ...(properties === undefined ? [] : [message(25, named(Object.entries(properties)))]),
    ...extensions(31, schema as unknown as JsonObject),
  ];
}

function named(schemas: readonly (readonly [string, Schema])[]): Field[] {
  return schemas.map(([name, schema]) => message(1, [text(1, name), message(2, schemaFields(schema))]));
}

/** Whatever has no field of its own is written as YAML, and JSON is YAML. */
function anyValue(field: number, value: Json): Field {
  return message(field, [text(2, JSON.stringify(value))]);
}

function extensions(field: number, node: JsonObject): Field[] {
  return Object.entries(node)
    .filter(([key]) => key.startsWith('x-'))
    .map(([key, value]) => message(field, [text(1, key), anyValue(2, value)]));
}

function texts(field: number, values: Json | undefined): Field[] {
  return (Array.isArray(values) ? values : []).map((value) => text(field, String(value)));
}
