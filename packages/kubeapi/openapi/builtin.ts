import builtin from '../builtin/definitions.json' with { type: 'json' };
import { resolveDefinition } from './resolve.ts';
import type { Definitions, GroupVersionKind, Schema } from './schema.ts';

/** The schemas of the built-in kinds we serve and of all they are made of, as extract.ts found them. */
export const builtinDefinitions = builtin as unknown as Definitions;

/** The name and schema of the definition that describes this kind. */
export function definitionOf(gvk: GroupVersionKind, definitions = builtinDefinitions): [string, Schema] | undefined {
  return Object.entries(definitions).find(([, schema]) =>
    (schema['x-kubernetes-group-version-kind'] ?? []).some(
      (own) => own.group === gvk.group && own.version === gvk.version && own.kind === gvk.kind,
    ),
  );
}

/**
 * The schema of a built-in kind with all references followed, or undefined if it is none that we serve.
 * Builds it anew at every call (about a millisecond for Pod): keep what you got.
 */
export function schemaFor(gvk: GroupVersionKind): Schema | undefined {
  const [name] = definitionOf(gvk) ?? [];
  return name === undefined ? undefined : resolveDefinition(name, builtinDefinitions);
}
