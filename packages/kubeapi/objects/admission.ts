import type { Json, JsonObject } from '../json.ts';
import type { Resource } from '../resources/resource.ts';
import { type Cause, invalid, StatusError } from '../server/status.ts';

export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface UserInfo {
  readonly username: string;
  readonly groups: readonly string[];
}

/** A write about to happen: validated, not stored. */
export interface AdmissionReview {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly resource: GroupVersionResource;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly object?: Json;
  readonly oldObject?: Json;
  readonly dryRun: boolean;
  readonly userInfo: UserInfo;
  /** Another object as it is stored now. */
  get(resource: GroupVersionResource, namespace: string | undefined, name: string): Json | undefined;
}

export type AdmissionAnswer =
  | { readonly allowed: true; readonly warnings?: readonly string[] }
  | {
      readonly allowed: false;
      readonly message: string;
      /** HTTP code. Default 403, or 422 when there are causes. */
      readonly code?: number;
      readonly reason?: string;
      readonly causes?: readonly Cause[];
    };

/** Judges a write inside this process. Runs between validation and storing; must not block, must not change the objects. */
export type AdmissionHook = (review: AdmissionReview) => AdmissionAnswer;

/**
 * Asks every hook; the first refusal counts. With causes it reads like a failed validation of the object's own
 * schema, `The Device "boiler" is invalid: spec...`; without, its message stands alone.
 * @returns warnings for the client
 */
export function admit(hooks: readonly AdmissionHook[], review: AdmissionReview, resource: Resource): string[] {
  const warnings: string[] = [];
  for (const hook of hooks) {
    const answer = hook(review);
    if (answer.allowed) {
      warnings.push(...(answer.warnings ?? []));
      continue;
    }
    const subject = { group: resource.group, kind: resource.kind, name: review.name };
    if (answer.causes !== undefined && answer.causes.length > 0) throw invalid(subject, answer.causes);
    const code = answer.code ?? 403;
    const reason = answer.reason ?? (code === 403 ? 'Forbidden' : code === 422 ? 'Invalid' : '');
    throw new StatusError(code, reason, answer.message, detailsOf(subject));
  }
  return warnings;
}

function detailsOf(subject: { group: string; kind: string; name: string }): JsonObject {
  return { name: subject.name, ...(subject.group === '' ? {} : { group: subject.group }), kind: subject.kind };
}
