import { Type } from '@sinclair/typebox';

/**
 * The version of one property's desired value: the Device's uid, the generation at which the value or its metadata last
 * changed, and the number of local writes since. Compared, never clocks: a sample whose transaction began before the newest
 * acknowledged revision of its point never becomes reported.
 */
export interface Revision {
  readonly uid: string;
  readonly generation: number;
  /** 0 for a value from the spec; counts the writes made on the gateway itself since. */
  readonly local: number;
}

export const RevisionSchema = Type.Object({
  uid: Type.String({ maxLength: 64 }),
  generation: Type.Integer({ minimum: 0 }),
  local: Type.Integer({ minimum: 0 }),
});

export function sameRevision(a: Revision, b: Revision): boolean {
  return a.uid === b.uid && a.generation === b.generation && a.local === b.local;
}

/** Whether `a` came after `b`. Revisions of two uids have no order: a new uid starts afresh, so it counts as later. */
export function isLater(a: Revision, b: Revision | undefined): boolean {
  if (b === undefined || a.uid !== b.uid) return true;
  return a.generation !== b.generation ? a.generation > b.generation : a.local > b.local;
}

export const formatRevision = (revision: Revision): string =>
  revision.local === 0 ? `${revision.generation}` : `${revision.generation}+${revision.local}`;
