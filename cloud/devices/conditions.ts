import { type DeviceHealth, READY, type ReadyReason, SYNCED, type SyncedReason } from '@selvedge/contract/conditions';
import { checkDesired } from '@selvedge/contract/desired';
import type { Device, DeviceProperty, DeviceStatus, TwinStatus } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import type { Condition } from '@selvedge/contract/object-meta';
import { parseValue } from '@selvedge/contract/value';
import type { Judgement } from './judge.ts';

/** All that decides a Device's conditions. */
export interface ConditionInput {
  readonly device: Device;
  /** With the newest reports folded in. */
  readonly status: DeviceStatus;
  readonly model: DeviceModel | undefined;
  readonly judgement: Judgement;
  /** The gateway has not been heard of for longer than a keepalive may take: it was here before, or not since we started. */
  readonly unreachable: 'lost' | 'unseen' | undefined;
  /** Why the device cannot be given to its gateway yet, while another one still has it. */
  readonly moving: string | undefined;
  /** The gateway's own view, when it has told in this process's time. */
  readonly health: Pick<DeviceHealth, 'reason' | 'message'> | undefined;
  readonly now: number;
}

interface Verdict<Reason> {
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

/** The conditions of a Device, Ready and Synced, and whatever others had written there. Pure. */
export function conditions(input: ConditionInput): Condition[] {
  const before = (input.status.conditions ?? []) as Condition[];
  const others = before.filter(({ type }) => type !== READY && type !== SYNCED);
  return [
    toCondition(READY, ready(input), before, input),
    toCondition(SYNCED, synced(input), before, input),
    ...others,
  ];
}

function toCondition(
  type: string,
  verdict: Verdict<string>,
  before: readonly Condition[],
  input: ConditionInput,
): Condition {
  const earlier = before.find((condition) => condition.type === type);
  const lastTransitionTime =
    earlier?.status === verdict.status ? earlier.lastTransitionTime : new Date(input.now).toISOString();
  return {
    type,
    status: verdict.status,
    observedGeneration: input.device.metadata.generation ?? 0,
    lastTransitionTime,
    reason: verdict.reason,
    message: verdict.message.slice(0, 1_024),
  };
}

/** Whether the device is served and answers: the cloud's own reasons first, then what its gateway says. */
export function ready(input: ConditionInput): Verdict<ReadyReason> {
  const { device, judgement } = input;
  const node = device.spec.nodeName ?? '';
  const no = (reason: ReadyReason, message: string) => ({ status: 'False', reason, message }) as const;
  if (node === '') return no('NoNode', 'spec.nodeName is empty; name the gateway that the device is connected to');
  if (judgement.unresolved) return no(judgement.unresolved.reason, judgement.unresolved.message);
  const wrong = judgement.problems.filter((problem) => problem.concerns === 'config');
  if (wrong.length > 0) {
    return no('InvalidConfig', wrong.map((problem) => `${problem.field}: ${problem.reason}`).join('; '));
  }
  if (input.moving !== undefined) return no('Moving', input.moving);
  if (input.unreachable) {
    const message =
      input.unreachable === 'lost'
        ? `gateway "${node}" has not been heard of for 30 s; the values are the last it told`
        : `gateway "${node}" has not connected since the cloud started; see that spec.nodeName is right, and that it runs`;
    return { status: 'Unknown', reason: 'GatewayUnreachable', message };
  }
  if (isPending(input)) return no('Pending', `waiting for gateway "${node}" to take up this generation`);
  const health = input.health ?? healthFromStatus(input.status);
  return { status: health.reason === 'Ready' ? 'True' : 'False', reason: health.reason, message: health.message };
}

/** Whether every desired value of this generation is on the device. */
export function synced(input: ConditionInput): Verdict<SyncedReason> {
  const wanted = (input.device.spec.properties ?? []).filter((property) => property.desired !== undefined);
  const findings = wanted.map((property) => judgeProperty(input, property));
  for (const reason of ['Invalid', 'Rejected', 'Pending', 'Drifted'] as const) {
    const those = findings.filter((finding) => finding.reason === reason);
    if (those.length > 0) {
      return { status: 'False', reason, message: those.map((finding) => finding.message).join('; ') };
    }
  }
  if (isPending(input)) return { status: 'False', reason: 'Pending', message: notTakenUp(input) };
  return wanted.length === 0
    ? { status: 'True', reason: 'NothingDesired', message: 'no property has a desired value' }
    : {
        status: 'True',
        reason: 'Verified',
        message: `${wanted.length} of ${wanted.length} desired values are on the device`,
      };
}

interface Finding {
  readonly reason: 'Invalid' | 'Rejected' | 'Pending' | 'Drifted' | 'Verified';
  readonly message: string;
}

function judgeProperty(input: ConditionInput, property: DeviceProperty): Finding {
  const { name } = property;
  const desired = property.desired?.value ?? '';
  const finding = (reason: Finding['reason'], message: string): Finding => ({ reason, message: `${name}: ${message}` });
  if (input.model) {
    const verdict = checkDesired(input.model.spec, name, desired);
    if (!verdict.ok) return finding('Invalid', verdict.reason);
  }
  if (isPending(input)) return finding('Pending', notTakenUp(input));
  const twin = input.status.twins?.find((candidate) => candidate.propertyName === name);
  const write = twin?.lastWrite;
  const equal = (text: string | undefined) => text !== undefined && sameValue(input.model, name, text, desired);
  if (!write || write.uid !== input.device.metadata.uid) {
    // A KubeEdge edge tells no outcome: there the value read is all there is to go by.
    return write === undefined && equal(twin?.reported?.value) && twin?.reported?.quality === undefined
      ? finding('Verified', 'reported as desired')
      : finding('Pending', `"${desired}" has not been written yet`);
  }
  if (write.origin === 'local' && !equal(write.value)) {
    return finding('Drifted', `"${write.value}" was set on the gateway itself; "${desired}" is desired`);
  }
  if (!equal(write.value)) return finding('Pending', `"${desired}" has not been written yet`);
  switch (write.phase) {
    case 'Failed':
      // Not the end: the mapper writes it as soon as the device answers again.
      return finding('Pending', `"${desired}" is not on the device yet: ${write.reason ?? 'it does not answer'}`);
    case 'Rejected':
    case 'Expired':
      return finding('Rejected', write.reason ?? `${write.phase} (${write.code ?? 'no reason given'})`);
    case 'Verified':
      return hasDrifted(twin)
        ? finding(
            'Drifted',
            `"${twin?.reported?.value}" is on the device, "${write.readBack}" was written and read back`,
          )
        : finding('Verified', 'read back as desired');
    default:
      return finding('Pending', `"${desired}" is ${write.phase.toLowerCase()}`);
  }
}

/** Somebody else changed the value after it was verified. */
function hasDrifted(twin: TwinStatus | undefined): boolean {
  const { reported, lastWrite } = twin ?? {};
  if (!reported || lastWrite?.readBack === undefined || reported.quality !== 'good') return false;
  const readAt = Number(reported.metadata?.timestamp ?? Number.NaN);
  return reported.value !== lastWrite.readBack && readAt > Date.parse(lastWrite.at);
}

const isPending = ({ device, status }: ConditionInput): boolean =>
  (status.observedGeneration ?? 0) < (device.metadata.generation ?? 0);

const notTakenUp = ({ device }: ConditionInput): string =>
  device.spec.nodeName ? `gateway "${device.spec.nodeName}" has not taken it up yet` : 'no gateway is named';

function sameValue(model: DeviceModel | undefined, name: string, a: string, b: string): boolean {
  if (a === b) return true;
  const type = model?.spec.properties?.find((property) => property.name === name)?.type ?? 'STRING';
  const [left, right] = [parseValue(type, a), parseValue(type, b)];
  return left.ok && right.ok && left.value === right.value;
}

/** What only this process itself decides; anything else in a Ready condition came from a gateway. */
const cloudReasons: readonly string[] = [
  'NoNode',
  'NoModel',
  'InvalidConfig',
  'Moving',
  'Pending',
  'GatewayUnreachable',
];

/** The gateway's view as far as the object still shows it: this process may have been started since. */
function healthFromStatus(status: DeviceStatus): Pick<DeviceHealth, 'reason' | 'message'> {
  const earlier = status.conditions?.find(({ type, reason }) => type === READY && !cloudReasons.includes(reason));
  if (earlier) return { reason: earlier.reason as DeviceHealth['reason'], message: earlier.message };
  if (status.state === 'online') return { reason: 'Ready', message: 'the device answers' };
  if (status.state === 'offline') return { reason: 'DeviceUnreachable', message: 'the device does not answer' };
  return { reason: 'Pending', message: 'the device has not answered yet' };
}
