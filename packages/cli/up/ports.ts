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

/** The default ports, or all moved to the one that `text` names and the fifteen after it. @throws configError `Usage` */
export function parsePorts(text: string | undefined): Ports {
  if (text === undefined) return defaultPorts;
  const base = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(base >= 1 && base <= 65_520)) {
    throw configError('Usage', `Cannot use --ports "${text}": it must be a whole number from 1 to 65520`);
  }
  return { api: base, hub: base + 1, enrolment: base + 1 + enrolmentPortOffset, mqtt: base + 4, plant: base + 10 };
}
