import { settings } from '@selvedge/base/config';

/** Flags of `hil-sim run PLANT.yaml`. */
export const simulatorSettings = settings({
  seed: {
    type: 'number',
    description: 'seed of all chance in the plant; replaces the one in the plant file',
    default: undefined,
    minimum: 0,
    maximum: 4_294_967_295,
    restart: true,
  },
  clock: {
    type: 'string',
    description: 'real: physics run by the machine clock; virtual: they stand still until the control API moves them',
    default: 'real',
    oneOf: ['real', 'virtual'],
    restart: true,
  },
  portBase: {
    type: 'number',
    description: 'the first TCP port of the plant gets this number, further ones the numbers after it; 0: free ports',
    default: undefined,
    minimum: 0,
    maximum: 65_535,
    restart: true,
  },
  listen: {
    type: 'string',
    description:
      'moves one line: modbus=tcp:127.0.0.1:1502 the first, NAME=tcp:... or NAME=pty:... the one of that name',
    default: undefined,
    restart: true,
  },
  state: {
    type: 'string',
    description: 'file that keeps coils, holding registers and the state of the physics from one run to the next',
    default: undefined,
    restart: true,
  },
  logLevel: {
    type: 'string',
    description: 'least important level that is logged',
    default: 'info',
    oneOf: ['debug', 'info', 'warn', 'error'],
    restart: true,
  },
});
