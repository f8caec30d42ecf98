import { referencePrefix, type Schema } from './schema.ts';

/** The nodes directly below a schema node. A property may be named like a keyword, so a blind walk would go wrong. */
export function children(schema: Schema): Schema[] {
  return [
    ...Object.values(schema.properties ?? {}),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(schema.not === undefined ? [] : [schema.not]),
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
  ];
}

/** The same schema with `change` applied to every node directly below it. */
export function mapChildren(schema: Schema, change: (child: Schema) => Schema): Schema {
  const { properties, additionalProperties, items, not, allOf, anyOf, oneOf } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, change(child)])),
    }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: change(additionalProperties) }),
    ...(items && { items: change(items) }),
    ...(not && { not: change(not) }),
    ...(allOf && { allOf: allOf.map(change) }),
    ...(anyOf && { anyOf: anyOf.map(change) }),
    ...(oneOf && { oneOf: oneOf.map(change) }),
  };
}

/** The schema without its prose, and with each kind of meta/v1 listed for its own group only. */
export function withoutDescriptions(schema: Schema): Schema {
  const { description: _prose, ...facts } = mapChildren(schema, withoutDescriptions);
  const kinds = facts['x-kubernetes-group-version-kind'];
  if (kinds === undefined || kinds.length < 2) return facts;
  return { ...facts, 'x-kubernetes-group-version-kind': kinds.filter((kind) => kind.group === '') };
}

/** The names of the definitions that a schema points at, its own nodes included, not theirs. */
export function references(schema: Schema): string[] {
  const own = schema.$ref === undefined ? [] : [schema.$ref.slice(referencePrefix.length)];
  return [...own, ...children(schema).flatMap(references)];
}
