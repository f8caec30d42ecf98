import type { Json, JsonObject } from '../json.ts';
import { ago } from './age.ts';
import { at, textAt } from './fields.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
}

/** How objects of one kind become rows. */
export interface Printer {
  readonly columns: readonly Column[];
  readonly cells: (object: JsonObject, now: number) => Json[];
}

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a ' +
    'client to request the generation of an appropriate name automatically. Name is primarily intended for creation ' +
    'idempotence and configuration definition. Cannot be updated. More info: ' +
    'https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
};

export const text = (name: string): Column => ({ name, type: 'string' });
/** A column for `-o wide` only. */
export const wide = (name: string): Column => ({ name, type: 'string', priority: 1 });
export const ageColumn: Column = text('Age');

export const name = (object: JsonObject): string => textAt(object, 'metadata', 'name');
export const age = (object: JsonObject, now: number): string => ago(at(object, 'metadata', 'creationTimestamp'), now);
