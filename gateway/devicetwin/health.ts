import type { DeviceHealth } from '@selvedge/contract/conditions';
import type { HealthMessage } from '@selvedge/contract/mapper';
import type { Twin } from './twin-state.ts';

export type DeviceState = 'online' | 'offline' | 'unknown';

/** What a device's health means for its state: unknown until there is a first answer. */
export function stateOf(health: DeviceHealth): DeviceState {
  if (health.reason === 'Ready') return 'online';
  return health.reason === 'Pending' ? 'unknown' : 'offline';
}

/**
 * How well a device is served, from everything that has a say: its own objects first, then the mapper process, then the
 * mapper's word. Pure; `since` moves only when the reason or the text does.
 */
export function healthOf(twin: Twin, now: number): DeviceHealth {
  const found = judge(twin);
  const before = twin.live.health;
  if (before.reason === found.reason && before.message === found.message) return before;
  return { reason: found.reason, message: found.message, since: found.since ?? now };
}

type Judgement = Pick<DeviceHealth, 'reason' | 'message'> & { readonly since?: number };

function judge({ durable, live }: Twin): Judgement {
  if (durable.refusal) return durable.refusal;
  const protocol = durable.resolved?.protocol ?? '';
  switch (live.mapper.state) {
    case 'absent':
      if (live.foreignState !== undefined) return foreign(live.foreignState);
      return {
        reason: 'NoMapper',
        message: `no mapper for protocol "${protocol}" is installed on this gateway; install one, or correct spec.protocol`,
      };
    case 'down':
      return { reason: 'MapperDown', message: `the mapper of protocol "${protocol}" is down: ${live.mapper.reason}` };
    case 'starting':
      // After a restart of the gateway the last word stands until the mapper has spoken again.
      return wordOf(live.word) ?? stillStarting(live.health);
    case 'up':
      return wordOf(live.word) ?? { reason: 'Pending', message: 'the mapper has not tried this device yet' };
  }
}

/** The topic's schema leaves only reasons that are a mapper's to give. */
const wordOf = (word: HealthMessage | undefined): Judgement | undefined =>
  word && { reason: word.reason as DeviceHealth['reason'], message: word.message, since: word.since };

function stillStarting(before: DeviceHealth): Judgement {
  const carried = ['Ready', 'LineDown', 'LineConflict', 'DeviceUnreachable'].includes(before.reason);
  return carried ? before : { reason: 'Pending', message: 'the mapper is starting' };
}

function foreign(state: string): Judgement {
  if (state === 'online' || state === 'ok') return { reason: 'Ready', message: 'its mapper says online' };
  if (state === 'unknown') return { reason: 'Pending', message: 'its mapper does not know' };
  return { reason: 'DeviceUnreachable', message: `its mapper says ${state}` };
}
