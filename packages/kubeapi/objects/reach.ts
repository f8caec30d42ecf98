import { cloneJson, type JsonObject } from '../json.ts';
import { metadataOf } from './metadata.ts';
import type { Target } from './target.ts';

/** A write to the object leaves the status alone, a write to the status leaves everything else alone. */
export function restrict(next: JsonObject, before: JsonObject, target: Target): void {
  const { resource, subresource } = target;
  if (subresource === 'status') {
    for (const key of Object.keys(next))
      if (!(key in before) && !['status', 'metadata'].includes(key)) delete next[key];
    for (const [key, value] of Object.entries(before)) {
      if (key !== 'status' && key !== 'metadata') next[key] = cloneJson(value);
    }
    const keepsMetadata =
      resource.custom !== undefined || resource.storage === 'apiextensions.k8s.io/customresourcedefinitions';
    if (!keepsMetadata) return;
    const { managedFields } = metadataOf(next);
    next.metadata = { ...metadataOf(before), ...(managedFields === undefined ? {} : { managedFields }) };
  } else if (resource.hasStatus) {
    if (before.status === undefined) delete next.status;
    else next.status = cloneJson(before.status);
  }
}
