import { isObject, type Json, type JsonObject } from '../json.ts';
import { timestamp } from '../objects/metadata.ts';

/** What keeps a namespace from ending. */
export interface Remaining {
  /** `configmaps.`, `pumps.plant.example.com` */
  readonly kind: string;
  readonly finalizers: readonly string[];
}

/** Why a namespace that is being deleted is still there, in the conditions and words of the original. */
export function remainingConditions(remaining: readonly Remaining[], before: Json | undefined, now: number): Json[] {
  const kinds = listed(
    remaining.map(({ kind }) => kind),
    (kind, count) => `${kind} has ${count} resource instances`,
  );
  const finalizers = listed(
    remaining.flatMap((one) => one.finalizers),
    (finalizer, count) => `${finalizer} in ${count} resource instances`,
  );
  const known = Array.isArray(before) ? before.filter(isObject) : [];
  const condition = (type: string, status: boolean, reason: string, message: string): JsonObject => {
    const text = status ? 'True' : 'False';
    const old = known.find((one) => one.type === type && one.status === text);
    return { type, status: text, lastTransitionTime: old?.lastTransitionTime ?? timestamp(now), reason, message };
  };
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      false,
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      false,
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    kinds === ''
      ? condition('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed')
      : condition('NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${kinds}`),
    finalizers === ''
      ? condition(
          'NamespaceFinalizersRemaining',
          false,
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : condition(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers}`,
        ),
  ];
}

/** Each word once, with how often it came, by the alphabet. */
function listed(words: readonly string[], text: (word: string, count: number) => string): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, count]) => text(word, count))
    .join(', ');
}
