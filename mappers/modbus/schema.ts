import type { ProtocolSchema } from '@selvedge/contract/protocol-schema';

/** What a point's registers hold. `auto` follows from the property's type and `limit` (point.ts). */
export const dataTypes = [
  'auto',
  'bool',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'string',
  'bytes',
] as const;
export type DataType = (typeof dataTypes)[number];

/** KubeEdge's four names. */
export const registerTables = ['CoilRegister', 'DiscreteInputRegister', 'InputRegister', 'HoldingRegister'] as const;
export type RegisterTable = (typeof registerTables)[number];

/** Settings of the Modbus mapper: KubeEdge's names (v1alpha2 and its v1beta1 mappers) are aliases. */
export const modbusSchema: ProtocolSchema = {
  protocol: 'modbus',
  config: {
    type: 'object',
    properties: {
      communicateMode: {
        type: 'string',
        enum: ['TCP', 'RTU'],
        description: 'Transport. Default: TCP when ip is given, RTU when serialPort is.',
        'x-aliases': ['mode', 'commType'],
      },
      ip: {
        type: 'string',
        maxLength: 253,
        format: 'host',
        description: 'Address or host name of the device.',
        'x-aliases': ['host', 'address'],
      },
      port: { type: 'integer', minimum: 1, maximum: 65_535, default: 502, description: 'TCP port.' },
      serialPort: {
        type: 'string',
        maxLength: 255,
        description: 'Path of the serial port.',
        'x-aliases': ['serialName'],
      },
      baudRate: {
        type: 'integer',
        minimum: 50,
        maximum: 4_000_000,
        default: 9_600,
        'x-unit': 'Bd',
        description: 'Line speed.',
      },
      dataBits: { type: 'integer', minimum: 7, maximum: 8, default: 8, description: 'Data bits.' },
      parity: {
        type: 'string',
        enum: ['none', 'even', 'odd'],
        default: 'none',
        description: 'Parity.',
        'x-synonyms': { none: ['N'], even: ['E'], odd: ['O'] },
      },
      stopBits: { type: 'integer', minimum: 1, maximum: 2, default: 1, description: 'Stop bits.' },
      unitId: {
        type: 'integer',
        minimum: 0,
        maximum: 255,
        default: 1,
        description: 'Unit id: 1 to 247 on a serial line; over TCP 0 and 255 also address the server itself.',
        'x-aliases': ['slaveID', 'deviceID', 'unit'],
      },
      timeout: {
        type: 'integer',
        minimum: 10,
        maximum: 60_000,
        default: 1_000,
        'x-unit': 'ms',
        description: 'Longest wait for an answer.',
      },
      maxRegisters: {
        type: 'integer',
        minimum: 1,
        maximum: 125,
        default: 125,
        description: 'Most registers that one read may ask for.',
      },
      maxGap: {
        type: 'integer',
        minimum: 0,
        maximum: 124,
        default: 8,
        description: 'Unused registers worth reading to save a request.',
      },
    },
    'x-required-one-of': [['ip'], ['serialPort']],
    'x-ignored': [
      'protocolID',
      'rs485Enabled',
      'collectTimeout',
      'collectRetryTimes',
      'collectType',
      'reconnTimeout',
      'reconnRetryTimes',
    ],
  },
  visitor: {
    type: 'object',
    properties: {
      register: {
        type: 'string',
        enum: [...registerTables],
        description: 'Table that the value lies in.',
        'x-synonyms': {
          CoilRegister: ['coil', 'coils'],
          DiscreteInputRegister: ['discreteInput', 'discrete', 'discreteInputs'],
          InputRegister: ['input', 'inputRegisters'],
          HoldingRegister: ['holding', 'holdingRegisters'],
        },
      },
      offset: {
        type: 'integer',
        minimum: 0,
        maximum: 65_535,
        description: 'Address of the first register or bit, from 0.',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: 123,
        description: 'Registers that the value takes. Default: what dataType needs, else 1.',
      },
      dataType: {
        type: 'string',
        enum: [...dataTypes],
        default: 'auto',
        description: 'What the registers hold. Default: from the type of the property and limit.',
        'x-synonyms': { auto: ['int', 'float', 'double'], bool: ['boolean'] },
      },
      scale: { type: 'number', description: 'The value is the register times this. Default 1; 0 counts as 1.' },
      valueOffset: { type: 'number', default: 0, description: 'Added to the scaled value.' },
      isSwap: { type: 'boolean', default: false, description: 'The two bytes of each register are swapped.' },
      isRegisterSwap: {
        type: 'boolean',
        default: false,
        description: 'The registers of the value come in reverse order: low word first.',
      },
    },
    required: ['register', 'offset'],
    'x-ignored': ['max', 'min'],
  },
};
