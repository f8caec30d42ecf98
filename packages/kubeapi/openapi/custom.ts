import { builtinDefinitions } from './builtin.ts';
import { resolveDefinition } from './resolve.ts';
import type { Schema } from './schema.ts';
import { mapChildren } from './walk.ts';

/** The name under which Kubernetes publishes the schema of every object's metadata. */
export const objectMetaName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/**
 * The whole schema of a custom kind: what its CRD says, with `apiVersion`, `kind` and `metadata` filled in at the root and
 * in every embedded resource. A CRD may leave these out, and what it says about them does not count.
 */
export function customSchema(fromCrd: Schema): Schema {
  return withObjectFields(fromCrd, resolveDefinition(objectMetaName, builtinDefinitions));
}

/** Like {@link customSchema}, with the schema of metadata handed in; the OpenAPI documents put a reference there. */
export function withObjectFields(fromCrd: Schema, metadata: Schema): Schema {
  const complete = (schema: Schema): Schema => {
    const below = mapChildren(schema, complete);
    return schema['x-kubernetes-embedded-resource'] === true ? objectFields(below, metadata) : below;
  };
  return objectFields(complete(fromCrd), metadata);
}

function objectFields(schema: Schema, metadata: Schema): Schema {
  const { apiVersion, kind } = schema.properties ?? {};
  return {
    ...schema,
    type: 'object',
    properties: {
      ...schema.properties,
      apiVersion: { ...prose(apiVersion), type: 'string' },
      kind: { ...prose(kind), type: 'string' },
      metadata,
    },
  };
}

function prose(schema: Schema | undefined): { description?: string } {
  return schema?.description === undefined ? {} : { description: schema.description };
}
