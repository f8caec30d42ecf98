import { READY, SYNCED } from '@selvedge/contract/conditions';
import type { DeviceStatus } from '@selvedge/contract/device';

/** An event worth telling a person, about one Device. */
export interface DeviceEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

const worthTelling: Readonly<Record<string, string>> = {
  InvalidConfig: 'InvalidConfig',
  NoModel: 'ModelMissing',
  LineConflict: 'LineConflict',
};

/** What happened between two statuses of a Device. Only changes count, so a level that stays tells nothing. Pure. */
export function transitions(before: DeviceStatus, after: DeviceStatus): DeviceEvent[] {
  return [...stateEvents(before, after), ...readyEvents(before, after), ...writeEvents(before, after)];
}

function stateEvents(before: DeviceStatus, after: DeviceStatus): DeviceEvent[] {
  const { state } = after;
  if (state === before.state) return [];
  if (state === 'online') return [{ type: 'Normal', reason: 'DeviceOnline', message: 'The device answers' }];
  if (state !== 'offline') return [];
  const ready = condition(after, READY);
  const message = ready?.status === 'False' ? ready.message : 'The device does not answer';
  return [{ type: 'Warning', reason: 'DeviceOffline', message }];
}

function readyEvents(before: DeviceStatus, after: DeviceStatus): DeviceEvent[] {
  const [was, is] = [condition(before, READY), condition(after, READY)];
  if (!is || was?.reason === is.reason) return [];
  if (is.reason === 'GatewayUnreachable') return [{ type: 'Warning', reason: is.reason, message: is.message }];
  const told = worthTelling[is.reason];
  if (told) return [{ type: 'Warning', reason: told, message: is.message }];
  // Another gateway that is here is not the one that was away.
  if (was?.reason !== 'GatewayUnreachable' || is.reason === 'Moving' || before.nodeName !== after.nodeName) return [];
  return [{ type: 'Normal', reason: 'GatewayBack', message: `The gateway is back: ${is.reason}` }];
}

function writeEvents(before: DeviceStatus, after: DeviceStatus): DeviceEvent[] {
  const events: DeviceEvent[] = [];
  const writes = new Map(before.twins?.map((twin) => [twin.propertyName, twin.lastWrite]));
  for (const { propertyName, lastWrite } of after.twins ?? []) {
    if (lastWrite?.phase !== 'Rejected' && lastWrite?.phase !== 'Failed') continue;
    const was = writes.get(propertyName);
    if (was?.phase === lastWrite.phase && was.generation === lastWrite.generation && was.value === lastWrite.value)
      continue;
    const reason = lastWrite.phase === 'Rejected' ? 'WriteRejected' : 'WriteFailed';
    const why = lastWrite.reason ?? lastWrite.code ?? 'no reason given';
    events.push({ type: 'Warning', reason, message: `Cannot write ${propertyName} "${lastWrite.value}": ${why}` });
  }
  const [was, is] = [condition(before, SYNCED), condition(after, SYNCED)];
  if (is?.reason === 'Drifted' && was?.reason !== 'Drifted') {
    events.push({ type: 'Warning', reason: 'Drifted', message: is.message });
  }
  return events;
}

const condition = (status: DeviceStatus, type: string) =>
  status.conditions?.find((candidate) => candidate.type === type);
