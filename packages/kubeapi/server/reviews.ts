import { isObject, type JsonObject } from '../json.ts';
import type { UserInfo } from '../objects/admission.ts';
import { metadataOf, timestamp } from '../objects/metadata.ts';
import type { Resource } from '../resources/resource.ts';

/** Answers `kubectl auth whoami` and `kubectl auth can-i`: the one user may do everything. Nothing is stored. */
export function answerReview(resource: Resource, review: JsonObject, user: UserInfo, now: number): JsonObject {
  const metadata = metadataOf(review);
  switch (resource.kind) {
    case 'SelfSubjectReview':
      return {
        ...review,
        metadata: { ...metadata, creationTimestamp: timestamp(now) },
        status: { userInfo: { username: user.username, groups: [...user.groups] } },
      };
    case 'SelfSubjectRulesReview':
      return {
        ...review,
        status: {
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          incomplete: false,
        },
      };
    default:
      return { ...review, spec: isObject(review.spec) ? review.spec : {}, status: { allowed: true } };
  }
}
