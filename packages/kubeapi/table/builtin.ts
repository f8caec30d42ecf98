import { isObject, type Json, type JsonObject } from '../json.ts';
import { ago } from './age.ts';
import type { Column, Printer } from './printer.ts';

interface KindPrinter {
  /** Columns between Name and Age. */
  readonly columns: readonly Column[];
  readonly cells: (object: JsonObject) => Json[];
}

const text = (name: string, priority?: number): Column => ({
  name,
  type: 'string',
  ...(priority === undefined ? {} : { priority }),
});
const sizeOf = (value: Json | undefined): number => (isObject(value) ? Object.keys(value).length : 0);
const objectAt = (object: JsonObject, key: string): JsonObject => {
  const value = object[key];
  return isObject(value) ? value : {};
};

/** What the original prints of a kind beside its name and age. */
const printers: Readonly<Record<string, KindPrinter>> = {
  '/nodes': {
    columns: [text('Status'), text('Roles')],
    cells: (node) => {
      const conditions = objectAt(node, 'status').conditions;
      const ready = Array.isArray(conditions)
        ? conditions.filter(isObject).find(({ type }) => type === 'Ready')
        : undefined;
      const status = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
      const roles = Object.keys(objectAt(objectAt(node, 'metadata'), 'labels'))
        .filter((label) => label.startsWith('node-role.kubernetes.io/'))
        .map((label) => label.slice('node-role.kubernetes.io/'.length));
      const unschedulable = objectAt(node, 'spec').unschedulable === true ? ',SchedulingDisabled' : '';
      return [status + unschedulable, roles.sort().join(',') || '<none>'];
    },
  },
  '/namespaces': { columns: [text('Status')], cells: (namespace) => [objectAt(namespace, 'status').phase ?? ''] },
  '/configmaps': {
    columns: [{ name: 'Data', type: 'string' }],
    cells: ({ data, binaryData }) => [sizeOf(data) + sizeOf(binaryData)],
  },
  '/secrets': {
    columns: [text('Type'), { name: 'Data', type: 'string' }],
    cells: ({ type, data }) => [type ?? '', sizeOf(data)],
  },
  'coordination.k8s.io/leases': {
    columns: [text('Holder')],
    cells: (lease) => [objectAt(lease, 'spec').holderIdentity ?? ''],
  },
};

/** The columns of a built-in kind. */
export function builtinPrinter(storage: string, nameColumn: Column): Printer {
  const printer = printers[storage] ?? { columns: [], cells: () => [] };
  const version: Column[] = storage === '/nodes' ? [text('Version')] : [];
  return {
    columns: [
      nameColumn,
      ...printer.columns,
      { name: 'Age', type: storage === '/nodes' ? 'string' : 'date' },
      ...version,
    ],
    cells: (object, now) => {
      const metadata = objectAt(object, 'metadata');
      const versionCell =
        storage === '/nodes' ? [objectAt(objectAt(object, 'status'), 'nodeInfo').kubeletVersion ?? ''] : [];
      return [metadata.name ?? '', ...printer.cells(object), ago(metadata.creationTimestamp, now), ...versionCell];
    },
  };
}
