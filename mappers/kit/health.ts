import type { HealthMessage } from '@selvedge/contract/mapper';

/** What is known of a device, from which its health follows. Each text says what and, where it can, what to do. */
export interface HealthFacts {
  /** The device as a whole cannot be served as configured. */
  readonly invalid?: string;
  /** Single properties that cannot be served as configured; the others are. */
  readonly invalidPoints: readonly string[];
  readonly conflict?: string;
  readonly lineDown?: string;
  readonly unreachable?: string;
  /** It has answered since it was configured. */
  readonly answered: boolean;
}

export type Health = Pick<HealthMessage, 'reason' | 'message'>;

const maxMessage = 1_024;

/** The one reason that matters most: what keeps all from working before what keeps a part of it. Pure. */
export function judgeHealth(facts: HealthFacts): Health {
  const health = pick(facts);
  return health.message.length <= maxMessage
    ? health
    : { reason: health.reason, message: `${health.message.slice(0, maxMessage - 3)}...` };
}

function pick(facts: HealthFacts): Health {
  if (facts.invalid !== undefined) return { reason: 'InvalidConfig', message: facts.invalid };
  if (facts.conflict !== undefined) return { reason: 'LineConflict', message: facts.conflict };
  if (facts.lineDown !== undefined) return { reason: 'LineDown', message: facts.lineDown };
  if (facts.unreachable !== undefined) return { reason: 'DeviceUnreachable', message: facts.unreachable };
  if (facts.invalidPoints.length > 0) return { reason: 'InvalidConfig', message: facts.invalidPoints.join('; ') };
  if (!facts.answered) return { reason: 'Pending', message: 'waiting for the first answer of the device' };
  return { reason: 'Ready', message: 'the device answers' };
}
