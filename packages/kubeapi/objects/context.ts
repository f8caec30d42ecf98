import type { Json } from '../json.ts';
import type { UserInfo } from './admission.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** What a write needs to know about the request that asks for it. */
export interface WriteContext {
  readonly user: UserInfo;
  /** Who owns the fields that are set, `kubectl-edit` for example. */
  readonly manager: string;
  /** A server-side apply: it has recorded the owners of fields itself. */
  readonly applies?: boolean;
  /** Everything happens but the storing. */
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Paths of the members that the body has more than once. */
  readonly duplicates: readonly string[];
  /** The patch that the write is made by, if it is one: what cannot be decoded is then quoted from it. */
  readonly patch?: { readonly form: 'strategic' | 'json'; readonly body: Json };
  /** Collects what the client is told beside the answer. */
  readonly warnings: string[];
}
