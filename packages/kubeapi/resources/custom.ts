import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import { children } from '../openapi/walk.ts';
import { compileJsonPath, type JsonPath } from '../table/json-path.ts';
import { fieldAt, type PrinterColumn, type Resource } from './resource.ts';
import { compareVersions } from './versions.ts';

// The original lists these of a custom resource in this order, not by name.
const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

const objects = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

/** What the printer columns are when a version declares none. */
const ageOnly: JsonObject = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** One resource for each served version of a CustomResourceDefinition, its names taken from those accepted. */
export function resourcesOf(definition: JsonObject): Resource[] {
  const spec = definition.spec as JsonObject;
  const names = spec.names as JsonObject;
  const group = String(spec.group);
  const storedVersion = String(objects(spec.versions).find((version) => version.storage === true)?.name ?? '');
  return objects(spec.versions)
    .filter((version) => version.served === true)
    .map((version) => {
      const kind = String(names.kind);
      const hasStatus = isObject(version.subresources) && isObject(version.subresources.status);
      const schema = isObject(version.schema) ? version.schema.openAPIV3Schema : undefined;
      const columns = objects(version.additionalPrinterColumns);
      return {
        group,
        version: String(version.name),
        plural: String(names.plural),
        singular: String(names.singular ?? kind.toLowerCase()),
        kind,
        listKind: String(names.listKind ?? `${kind}List`),
        namespaced: spec.scope === 'Namespaced',
        shortNames: texts(names.shortNames),
        categories: texts(names.categories),
        verbs,
        subresources: hasStatus ? [{ name: 'status', kind, verbs: ['get', 'patch', 'update'] }] : [],
        storage: `${group}/${String(names.plural)}`,
        storedVersion,
        hasStatus,
        hasGeneration: true,
        unconditionalUpdate: false,
        selectableFields: objects(version.selectableFields).map((field) =>
          fieldAt(String(field.jsonPath).replace(/^\./, '')),
        ),
        custom: {
          schema: isObject(schema) ? schema : undefined,
          columns: (columns.length === 0 ? [ageOnly] : columns).map(columnOf),
          ...(version.deprecated === true ? { deprecation: deprecationOf(version, definition) } : {}),
          ...(isObject(schema) && hasDefaults(schema as Schema) ? { defaultsSince: revisionOf(definition) } : {}),
        },
      };
    });
}

/** What a client of a deprecated version is told: the version's own words, or which one to use instead. */
function deprecationOf(version: JsonObject, definition: JsonObject): string {
  if (typeof version.deprecationWarning === 'string') return version.deprecationWarning;
  const { group, names, versions } = definition.spec as JsonObject;
  const kind = String((names as JsonObject).kind);
  const better = objects(versions)
    .filter((other) => other.served === true && other.deprecated !== true)
    .map((other) => String(other.name))
    .filter((other) => compareVersions(other, String(version.name)) < 0)
    .sort(compareVersions)[0];
  const instead = better === undefined ? '' : `; use ${String(group)}/${better} ${kind}`;
  return `${String(group)}/${String(version.name)} ${kind} is deprecated${instead}`;
}

function hasDefaults(schema: Schema): boolean {
  return schema.default !== undefined || children(schema).some(hasDefaults);
}

const revisionOf = (definition: JsonObject): number =>
  Number((definition.metadata as JsonObject).resourceVersion ?? Number.POSITIVE_INFINITY);

function columnOf(column: JsonObject): PrinterColumn {
  return {
    name: String(column.name),
    type: String(column.type),
    read: pathOf(String(column.jsonPath)),
    description:
      typeof column.description === 'string'
        ? column.description
        : `Custom resource definition column (in JSONPath format): ${String(column.jsonPath)}`,
    ...(typeof column.format === 'string' ? { format: column.format } : {}),
    ...(typeof column.priority === 'number' ? { priority: column.priority } : {}),
  };
}

/** A path that cannot be read prints nothing, so that one odd column does not hide the objects. */
function pathOf(path: string): JsonPath {
  try {
    return compileJsonPath(path);
  } catch {
    return () => [];
  }
}
