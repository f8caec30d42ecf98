/** A node of an OpenAPI v3 schema as a CRD holds it. */
export interface SchemaNode {
  [keyword: string]: unknown;
}

/**
 * A TypeBox schema as a CRD's structural schema: plain JSON, records as `additionalProperties`, nothing that the API server
 * refuses (Kubernetes, "Specifying a structural schema"). Pure.
 */
export function structuralSchema(schema: unknown): SchemaNode {
  return convert(JSON.parse(JSON.stringify(schema)) as SchemaNode);
}

function convert(node: SchemaNode): SchemaNode {
  const result: SchemaNode = {};
  for (const [keyword, value] of Object.entries(node)) {
    switch (keyword) {
      case 'properties':
        result.properties = mapValues(value as Record<string, SchemaNode>, convert);
        break;
      case 'items':
        result.items = convert(value as SchemaNode);
        break;
      case 'patternProperties': {
        const [values] = Object.values(value as Record<string, SchemaNode>);
        if (values) result.additionalProperties = convert(values);
        break;
      }
      default:
        result[keyword] = value;
    }
  }
  return result;
}

function mapValues(
  record: Record<string, SchemaNode>,
  change: (node: SchemaNode) => SchemaNode,
): Record<string, SchemaNode> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
