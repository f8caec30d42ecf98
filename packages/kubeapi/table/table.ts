import { isObject, type Json, type JsonObject } from '../json.ts';
import type { PrinterColumn, Resource } from '../resources/resource.ts';
import { ago } from './age.ts';
import { builtinPrinter } from './builtin.ts';
import { type Column, nameColumn, type Printer } from './printer.ts';

export interface TableOptions {
  readonly now: number;
  /** `None`, `Metadata` or `Object`: what comes with each row. */
  readonly include: string;
  /** False leaves the column definitions out: a watch sends them once. */
  readonly columns?: boolean;
}

/** Objects as the server prints them for `kubectl get`. */
export function tableOf(objects: readonly JsonObject[], resource: Resource, options: TableOptions): JsonObject {
  const printer = printerOf(resource);
  const metadata = objects.length === 1 && isObject(objects[0]?.metadata) ? objects[0].metadata : {};
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion },
    columnDefinitions: options.columns === false ? null : printer.columns.map(definitionOf),
    rows: objects.map((object) => ({
      cells: printer.cells(object, options.now),
      ...(options.include === 'None' ? {} : { object: options.include === 'Object' ? object : partialOf(object) }),
    })),
  };
}

const partialOf = (object: JsonObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata ?? {},
});

function definitionOf(column: Column): JsonObject {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
  };
}

function printerOf(resource: Resource): Printer {
  if (resource.custom === undefined) return builtinPrinter(resource.storage);
  return customPrinter(resource.custom.columns);
}

function customPrinter(columns: readonly PrinterColumn[]): Printer {
  return {
    columns: [nameColumn, ...columns],
    cells: (object, now) => [
      isObject(object.metadata) ? (object.metadata.name ?? '') : '',
      ...columns.map((column) => cellOf(column.type, column.read(object), now)),
    ],
  };
}

function cellOf(type: string, values: readonly Json[], now: number): Json {
  const [value] = values;
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? ago(value, now) : null;
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}
