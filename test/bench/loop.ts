import { setTimeout as sleep } from 'node:timers/promises';
import type { RegisterProbe } from '../support/register-probe.ts';
import type { Kube } from './kube.ts';

const group = '/apis/devices.kubeedge.io/v1beta1/namespaces/default';
const devicePath = (unit: number) => `${group}/devices/meter-${unit}`;

interface DeviceStatusView {
  readonly status?: {
    readonly state?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly twins?: readonly {
      readonly propertyName: string;
      readonly reported?: { readonly value: string };
    }[];
  };
}

export interface Fleet {
  readonly node: string;
  readonly plantPort: number;
  /** Devices, unit ids 1 to `count`. */
  readonly count: number;
  /** How often each is read and reported, ms. */
  readonly cycle: number;
}

/** A model and its devices; resolves when all are ready. */
export async function createDevices(kube: Kube, { node, plantPort, count, cycle }: Fleet): Promise<void> {
  const apiVersion = 'devices.kubeedge.io/v1beta1';
  const holding = (offset: number, scale: number) => ({
    protocolName: 'modbus',
    configData: { register: 'HoldingRegister', offset, limit: 1, scale, dataType: offset === 0 ? 'int16' : 'uint16' },
  });
  await kube.call('POST', `${group}/devicemodels`, {
    apiVersion,
    kind: 'DeviceModel',
    metadata: { name: 'meter' },
    spec: {
      protocol: 'modbus',
      properties: [
        { name: 'setpoint', type: 'FLOAT', accessMode: 'ReadWrite' },
        { name: 'knob', type: 'INT', accessMode: 'ReadOnly' },
      ],
    },
  });
  const cycles = { collectCycle: cycle, reportCycle: cycle };
  for (let unit = 1; unit <= count; unit++) {
    await kube.call('POST', `${group}/devices`, {
      apiVersion,
      kind: 'Device',
      metadata: { name: `meter-${unit}` },
      spec: {
        deviceModelRef: { name: 'meter' },
        nodeName: node,
        protocol: { protocolName: 'modbus', configData: { ip: '127.0.0.1', port: plantPort, slaveID: unit } },
        properties: [
          { name: 'setpoint', desired: { value: '20' }, visitors: holding(0, 0.1), ...cycles },
          { name: 'knob', visitors: holding(1, 1), ...cycles },
        ],
      },
    });
  }
  await until(60_000, 'all devices are synced', async () => {
    const { items } = await kube.call<{ items: DeviceStatusView[] }>('GET', `${group}/devices`);
    return items.every(
      (item) =>
        item.status?.conditions?.every(({ status }) => status === 'True') && item.status.conditions.length === 2,
    );
  });
}

/** Asks `check` every 100 ms. @throws Error naming `what` when it does not hold within `limitMs` */
export async function until(limitMs: number, what: string, check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(100);
  }
}

/** How often a register is looked at, ms. Looking without a pause would take a core of its own, and measure that. */
const probeInterval = 1;

/** Sets the desired value of one device; `tenths` is what its register will hold. */
const setDesired = (kube: Kube, unit: number, tenths: number) =>
  kube.call(
    'PATCH',
    devicePath(unit),
    [{ op: 'replace', path: '/spec/properties/0/desired/value', value: (tenths / 10).toFixed(1) }],
    'application/json-patch+json',
  );

/** From sending the PATCH to the register holding the value, ms; one device at a time, `rounds` times. */
export async function patchToRegister(kube: Kube, probe: RegisterProbe, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const tenths = 300 + round;
    const started = performance.now();
    const patched = setDesired(kube, 1, tenths);
    while ((await probe.read(1, 0)) !== tenths) {
      if (performance.now() - started > 10_000) throw new Error('the register did not change within 10 s');
      await sleep(probeInterval);
    }
    times.push(performance.now() - started);
    await patched;
    await sleep(50 + (round % 7) * 13);
  }
  return times;
}

/** The same for `count` devices patched at once, `rounds` times; each device counts from the moment the round began. */
export async function patchAllToRegister(
  kube: Kube,
  probe: RegisterProbe,
  count: number,
  rounds: number,
): Promise<number[]> {
  const times: number[] = [];
  // What is measured is a write, not the handshakes of 32 connections.
  await Promise.all(Array.from({ length: count }, (_, index) => kube.call('GET', devicePath(index + 1))));
  for (let round = 0; round < rounds; round++) {
    const tenths = 600 + round;
    const started = performance.now();
    const patched = Promise.all(Array.from({ length: count }, (_, index) => setDesired(kube, index + 1, tenths)));
    const open = new Set(Array.from({ length: count }, (_, index) => index + 1));
    while (open.size > 0) {
      for (const unit of open) {
        if ((await probe.read(unit, 0)) !== tenths) continue;
        times.push(performance.now() - started);
        open.delete(unit);
      }
      await sleep(probeInterval);
      if (performance.now() - started > 30_000) throw new Error(`${open.size} registers did not change within 30 s`);
    }
    await patched;
    await sleep(1_500);
  }
  return times;
}

/** From a register changed on the plant to the value seen by a GET of the Device, ms. */
export async function registerToStatus(kube: Kube, probe: RegisterProbe, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const value = 1_000 + round;
    const started = performance.now();
    await probe.write(1, 1, value);
    while ((await reportedOf(kube, 'knob'))?.value !== String(value)) {
      if (performance.now() - started > 10_000) throw new Error('the status did not change within 10 s');
      await sleep(2);
    }
    times.push(performance.now() - started);
    await sleep(60 + (round % 11) * 17);
  }
  return times;
}

/** From the end of a process to the first value in the status that the plant took on after it, ms. */
export async function killToSample(kube: Kube, probe: RegisterProbe, kill: () => void): Promise<number> {
  const value = 4_242;
  const started = performance.now();
  kill();
  await probe.write(1, 1, value);
  await until(60_000, 'a fresh sample', async () => (await reportedOf(kube, 'knob'))?.value === String(value));
  return performance.now() - started;
}

async function reportedOf(kube: Kube, property: string) {
  const device = await kube.call<DeviceStatusView>('GET', devicePath(1));
  return device.status?.twins?.find((twin) => twin.propertyName === property)?.reported;
}
