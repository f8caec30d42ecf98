import { configError } from '@selvedge/base/errors';
import { enrolmentPortOffset } from '@selvedge/contract/enrolment';

/** Every TCP port that `selvedge up` uses. */
export interface Ports {
  readonly api: number;
  readonly hub: number;
  /** Always two above the hub, as KubeEdge has it. */
  readonly enrolment: number;
  readonly mqtt: number;
  /** The first port of the plant; a plant with more ports takes the numbers after it. */
  readonly plant: number;
}

/** The ports that people know: Kubernetes', KubeEdge's, MQTT's; Modbus' 502 needs rights, so 1502. */
export const defaultPorts: Ports = { api: 6443, hub: 10000, enrolment: 10002, mqtt: 1883, plant: 1502 };

/** All ports moved to `base` and the fifteen after it. @throws configError `InvalidPorts` */
export function portsFrom(base: number): Ports {
  if (!Number.isInteger(base) || base < 1 || base > 65_520) {
    throw configError('InvalidPorts', `Cannot use --ports ${base}: it must be a whole number from 1 to 65520`);
  }
  return { api: base, hub: base + 1, enrolment: base + 1 + enrolmentPortOffset, mqtt: base + 4, plant: base + 10 };
}

/** @throws configError `InvalidPorts` */
export const parsePorts = (text: string | undefined): Ports =>
  text === undefined ? defaultPorts : portsFrom(text.trim() === '' ? Number.NaN : Number(text));
