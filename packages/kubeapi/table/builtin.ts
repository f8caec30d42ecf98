import { isObject } from '../json.ts';
import { ago } from './age.ts';
import type { Column, Printer } from './printer.ts';

/** The columns of a built-in kind. */
export function builtinPrinter(_storage: string, nameColumn: Column): Printer {
  return {
    columns: [nameColumn, { name: 'Age', type: 'date' }],
    cells: (object, now) => {
      const metadata = isObject(object.metadata) ? object.metadata : {};
      return [metadata.name ?? '', ago(metadata.creationTimestamp, now)];
    },
  };
}
