import { type FieldError, rejected, transient } from '@selvedge/base/errors';

/** Exception codes (Application Protocol 1.1b3, 7): name, what it means for a person, whether trying again may help. */
const exceptions: Readonly<
  Record<number, { code: string; text: string; again?: 'Busy' | 'DeviceUnreachable' | 'DeviceFailure' }>
> = {
  1: { code: 'IllegalFunction', text: 'the device does not have this function; check register' },
  2: { code: 'IllegalDataAddress', text: 'the device has nothing at this address; check register, offset and limit' },
  3: { code: 'IllegalDataValue', text: 'the device does not accept this value or quantity' },
  4: { code: 'ServerDeviceFailure', text: 'the device failed while it tried', again: 'DeviceFailure' },
  5: { code: 'Acknowledge', text: 'the device needs more time', again: 'Busy' },
  6: { code: 'ServerDeviceBusy', text: 'the device is busy', again: 'Busy' },
  8: { code: 'MemoryParityError', text: 'the device found its memory damaged', again: 'DeviceFailure' },
  10: {
    code: 'GatewayPathUnavailable',
    text: 'the Modbus gateway has no path to this unit; check unitId',
    again: 'DeviceUnreachable',
  },
  11: {
    code: 'GatewayTargetFailedToRespond',
    text: 'the unit behind the Modbus gateway does not answer',
    again: 'DeviceUnreachable',
  },
};

/** The error that an exception answer stands for. `rejected`: trying again changes nothing. */
export function exceptionError(what: string, code: number): FieldError {
  const known = exceptions[code];
  if (!known) return rejected('ModbusException', `Cannot ${what}: the device answered exception ${code}`);
  const message = `Cannot ${what}: ${known.text} (Modbus exception ${code}, ${known.code})`;
  return known.again ? transient(known.again, message) : rejected(known.code, message);
}
