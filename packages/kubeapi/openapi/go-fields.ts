import fields from '../builtin/go-fields.json' with { type: 'json' };
import type { Schema } from './schema.ts';

/** What a Go type does that its OpenAPI schema does not say, as extract-go.ts found it. */
export interface GoFields {
  /** Scalars held by value: a zero is not written. */
  readonly omitted: ReadonlySet<string>;
  /** Times held by value: written as null when they are zero. */
  readonly times: ReadonlySet<string>;
}

const none: GoFields = { omitted: new Set(), times: new Set() };
const byType = new Map<string, GoFields>(
  Object.entries(fields).map(([type, { omitted, times }]) => [
    type,
    { omitted: new Set<string>(omitted), times: new Set<string>(times) },
  ]),
);

/** Of the type behind a resolved schema; of a type without a name nothing is known. */
export const goFieldsOf = ({ definition = '' }: Schema): GoFields => byType.get(definition) ?? none;
