import { type Duration, millis } from '@selvedge/base/duration';
import { describeError, FieldError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { DeviceMemory } from '../points/memory.ts';
import { execute } from './execute.ts';
import { decodeRequest, type ExceptionName, encodeResponse, exceptionCodes } from './pdu.ts';

/** A device as the line sees it: `online` and `responseDelay` change while the plant runs. */
export interface UnitDevice {
  readonly memory: DeviceMemory;
  online: boolean;
  responseDelay: Duration;
}

export interface Answer {
  readonly pdu: Buffer;
  readonly delay: Duration;
}

export interface UnitsOptions {
  readonly devices: readonly UnitDevice[];
  readonly transport: 'tcp' | 'rtu';
  /** What a TCP master gets that asks for a unit that is not here. */
  readonly unknownUnit: 'exception' | 'silent';
  readonly log: Logger;
}

/** The devices on one line, found by unit id. Knows no bytes but PDUs, and no time. */
export class Units {
  readonly #options: UnitsOptions;
  readonly #byUnit: ReadonlyMap<number, UnitDevice>;

  constructor(options: UnitsOptions) {
    this.#options = options;
    this.#byUnit = new Map(options.devices.map((device) => [device.memory.device.unit, device]));
  }

  /** Carries out what `pdu` asks of `unit`; undefined when no answer belongs on the wire. */
  handle(unit: number, pdu: Buffer): Answer | undefined {
    const { transport, unknownUnit } = this.#options;
    if (unit === 0 && transport === 'rtu') {
      this.#broadcast(pdu);
      return undefined;
    }
    const device = this.#byUnit.get(unit) ?? this.#only(unit);
    if (device) {
      if (!device.online) return undefined;
      return { pdu: this.#answer(device, pdu), delay: device.responseDelay };
    }
    if (transport === 'rtu' || unknownUnit === 'silent') return undefined;
    return { pdu: exception(pdu, 'GatewayTargetFailed'), delay: millis(0) };
  }

  /** Messaging on TCP/IP 1.0b, 4.4.2.1: units 255 and 0 mean the server itself, when it is no gateway to others. */
  #only(unit: number): UnitDevice | undefined {
    const { devices, transport } = this.#options;
    return transport === 'tcp' && devices.length === 1 && (unit === 0 || unit === 255) ? devices[0] : undefined;
  }

  /** Serial Line 1.02, 2.1: every device carries a broadcast out, and none answers. Reading one makes no sense. */
  #broadcast(pdu: Buffer): void {
    if (![5, 6, 15, 16, 22].includes(pdu[0] ?? 0)) return;
    for (const device of this.#options.devices) if (device.online) this.#answer(device, pdu);
  }

  #answer(device: UnitDevice, pdu: Buffer): Buffer {
    try {
      return encodeResponse(execute(decodeRequest(pdu), device.memory));
    } catch (error) {
      if (error instanceof FieldError && Object.hasOwn(exceptionCodes, error.code)) {
        return exception(pdu, error.code as ExceptionName);
      }
      this.#options.log.error('request failed', { device: device.memory.device.name, error: describeError(error) });
      return exception(pdu, 'ServerDeviceFailure');
    }
  }
}

/** The exception answer to `pdu`. */
export function exception(pdu: Buffer, name: ExceptionName): Buffer {
  return encodeResponse({ code: 'exception', of: pdu[0] ?? 0, exception: exceptionCodes[name] });
}
