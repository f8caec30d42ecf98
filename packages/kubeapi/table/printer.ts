import type { Json, JsonObject } from '../json.ts';

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
