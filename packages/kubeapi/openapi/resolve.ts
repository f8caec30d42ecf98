import { type Definitions, referencePrefix, type Schema } from './schema.ts';
import { mapChildren } from './walk.ts';

type Building = { -readonly [key in keyof Schema]: Schema[key] };

/**
 * The named definition with every `$ref` below it replaced by what it points at. A definition is built once and shared,
 * so one that contains itself becomes a graph with a circle.
 */
export function resolveDefinition(name: string, definitions: Definitions): Schema {
  const done = new Map<string, Building>();
  const later: (() => void)[] = [];

  const named = (reference: string): Schema => {
    const key = reference.startsWith(referencePrefix) ? reference.slice(referencePrefix.length) : reference;
    const known = done.get(key);
    if (known !== undefined) return known;
    const node: Building = { definition: key.slice(key.lastIndexOf('.') + 1) };
    done.set(key, node);
    Object.assign(node, follow(definitions[key] ?? {}));
    return node;
  };

  const follow = (schema: Schema): Schema => {
    if (schema.$ref !== undefined) return named(schema.$ref);
    const reference = schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined;
    if (reference === undefined) return mapChildren(schema, follow);
    // OpenAPI v3 allows nothing beside $ref, so a reference with a default or a merge key is written as allOf of one.
    const { allOf: _one, ...beside } = schema;
    const target = named(reference);
    if (Object.keys(beside).length === 0) return target;
    const node: Building = {};
    // The target may be half built still, when it contains itself.
    later.push(() => Object.assign(node, target, beside));
    return node;
  };

  const root = named(name);
  for (const finish of later) finish();
  return root;
}
