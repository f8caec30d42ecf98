import type { Resource } from '../resources/resource.ts';
import type { Key } from '../store/store.ts';

/** Where a request points: one object, or one part of it. */
export interface Target {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  /** `status`, or empty for the whole object. */
  readonly subresource: string;
}

/** The resource name and group in messages. */
export const subjectOf = (target: Target) => ({
  group: target.resource.group,
  kind: target.resource.plural,
  name: target.name,
});

export function keyOf(resource: Resource, namespace: string, name: string): Key {
  return { resource: resource.storage, namespace: resource.namespaced ? namespace : '', name };
}
