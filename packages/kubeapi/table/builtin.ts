import { toCoreEvent } from '../resources/events.ts';
import { eventPrinter } from './events.ts';
import { at, listAt, mapAt, sizeOf, textAt } from './fields.ts';
import { nodePrinter } from './nodes.ts';
import { podPrinter } from './pods.ts';
import { age, ageColumn, name, nameColumn, type Printer, text } from './printer.ts';
import { servicePrinter } from './services.ts';

const nameAndAge: Printer = {
  columns: [nameColumn, ageColumn],
  cells: (object, now) => [name(object), age(object, now)],
};

/** What the original prints of a kind for `kubectl get`, by where the kind is stored. */
const printers: Readonly<Record<string, Printer>> = {
  '/pods': podPrinter,
  '/services': servicePrinter,
  '/nodes': nodePrinter,
  // Events have one table, whichever of their two groups is asked.
  '/events': { ...eventPrinter, cells: (event, now) => eventPrinter.cells(toCoreEvent(event), now) },
  '/namespaces': {
    columns: [nameColumn, text('Status'), ageColumn],
    cells: (namespace, now) => [name(namespace), textAt(namespace, 'status', 'phase'), age(namespace, now)],
  },
  '/configmaps': {
    columns: [nameColumn, text('Data'), ageColumn],
    cells: (map, now) => [name(map), sizeOf(map.data) + sizeOf(map.binaryData), age(map, now)],
  },
  '/secrets': {
    columns: [nameColumn, text('Type'), text('Data'), ageColumn],
    cells: (secret, now) => [name(secret), textAt(secret, 'type'), sizeOf(secret.data), age(secret, now)],
  },
  'coordination.k8s.io/leases': {
    columns: [nameColumn, text('Holder'), ageColumn],
    cells: (lease, now) => [name(lease), textAt(lease, 'spec', 'holderIdentity'), age(lease, now)],
  },
  'apiextensions.k8s.io/customresourcedefinitions': {
    columns: [nameColumn, text('Scope'), text('Versions'), { name: 'Created At', type: 'date' }],
    cells: (definition) => [
      name(definition),
      textAt(definition, 'spec', 'scope'),
      listAt(definition, 'spec', 'versions')
        .map((version) => `${textAt(version, 'name')}${version.storage === true ? '(storage)' : ''}`)
        .join(','),
      at(mapAt(definition, 'metadata'), 'creationTimestamp') ?? null,
    ],
  },
};

export function builtinPrinter(storage: string): Printer {
  return printers[storage] ?? nameAndAge;
}
