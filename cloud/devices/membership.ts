import { randomUUID } from 'node:crypto';
import { answerFrame, membershipFrame } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import { type DeviceRef, deviceKey } from '@selvedge/contract/names';

interface Member {
  readonly id: string;
  readonly name: string;
}

const member = (device: DeviceRef): Member => ({ id: deviceKey(device), name: device.name });

/** Tells a KubeEdge edge which devices it has, beside the objects themselves: its twin module asks for both. */
export function membershipChange(now: number, added: readonly DeviceRef[], removed: readonly DeviceRef[]): LinkFrame {
  const list = (devices: readonly DeviceRef[]) => (devices.length > 0 ? devices.map(member) : null);
  return membershipFrame(
    { now },
    { event_id: randomUUID(), timestamp: now, added_devices: list(added), removed_devices: list(removed) },
  );
}

/**
 * Answers `membership/detail`: the whole list, which EdgeCore takes only without a parent id, then an answer that ends its
 * asking (KubeEdge 3.11).
 */
export function membershipDetail(now: number, query: LinkFrame, devices: readonly DeviceRef[]): LinkFrame[] {
  const id = randomUUID();
  const detail: LinkFrame = {
    header: { msg_id: id, timestamp: now },
    route: { source: 'devicecontroller', group: 'twin', operation: 'update', resource: 'membership/detail/result' },
    content: {
      event_id: id,
      timestamp: now,
      devices: devices.map((device) => ({ ...member(device), description: '' })),
    },
  };
  const answer = answerFrame({ now }, query, 'OK');
  return [detail, { ...answer, route: { ...answer.route, source: 'devicecontroller', group: 'twin' } }];
}
