import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { silentLogger } from '@selvedge/base/log';
import { parsePlant } from '@selvedge/hil-sim/plant/load';
import { Simulator } from '@selvedge/hil-sim/simulator';
import { type ConformanceOptions, conformance, type DeviceDouble } from '@selvedge/mapper-kit/conformance';
import { modbusDriver } from './driver.ts';

const folder = mkdtempSync(join(tmpdir(), 'selvedge-conformance-'));
const bus = join(folder, 'bus');

/** The device is one of hil-sim's, with its own codec: one mistake cannot sit on both sides. */
const plant = (listen: string) => `
lines: { line: { modbus: { listen: "${listen}", baudRate: 115200 } } }
devices:
  double:
    line: line
    unit: 7
    coils: { valve: { address: 3 } }
    holdingRegisters:
      level: { address: 0, type: int16 }
      speed: { address: 1, type: uint16 }
      depth: { address: 10, type: int32 }
      count: { address: 12, type: uint32, wordOrder: little }
      power: { address: 14, type: float32, byteOrder: little }
`;

async function start(listen: string, config: (address: string) => Record<string, unknown>): Promise<DeviceDouble> {
  const clock = new RealClock();
  const parsed = parsePlant('conformance.yaml', plant(listen));
  const simulator = new Simulator({ plant: parsed, clock, worldClock: clock, log: silentLogger });
  const [endpoint] = await simulator.start();
  const device = simulator.devices.get('double');
  if (!endpoint || !device) throw new Error('the plant has no device');
  return {
    config: config(endpoint.address),
    held: (name) => {
      const point = device.memory.device.points.find((candidate) => candidate.name === name);
      if (!point) throw new Error(`the plant has no point "${name}"`);
      return device.memory.get(point);
    },
    setSilent: (isSilent) => {
      device.online = !isSilent;
    },
    setDelay: (ms) => {
      device.responseDelay = millis(ms);
    },
    cut: () => simulator.stop(),
    stop: () => simulator.stop(),
  };
}

const holding = (offset: number, dataType: string, more: Record<string, unknown> = {}) => ({
  register: 'HoldingRegister',
  offset,
  dataType,
  ...more,
});

const common: Pick<
  ConformanceOptions<unknown, unknown, unknown>,
  'points' | 'refused' | 'readOnly' | 'wrongVisitors'
> = {
  points: {
    level: { type: 'INT', visitor: holding(0, 'int16'), values: [-123, 32_767, -32_768] },
    speed: { type: 'INT', visitor: holding(1, 'uint16'), values: [1_450, 65_535, 0] },
    depth: { type: 'INT', visitor: holding(10, 'int32'), values: [-70_000, 2_147_483_647, -2_147_483_648] },
    count: { type: 'INT', visitor: holding(12, 'uint32', { isRegisterSwap: true }), values: [70_001, 4_294_967_295] },
    power: { type: 'FLOAT', visitor: holding(14, 'float32', { isSwap: true }), values: [24.25, -0.5] },
    valve: { type: 'BOOLEAN', visitor: { register: 'CoilRegister', offset: 3 }, values: [true, false] },
  },
  refused: { type: 'INT', visitor: holding(100, 'uint16') },
  readOnly: { type: 'INT', visitor: { register: 'InputRegister', offset: 0 } },
  wrongVisitors: [
    { settings: { register: 'HoldingRegisters!', offset: 0 }, says: /register: "HoldingRegisters!" must be one of/ },
    { settings: { register: 'HoldingRegister' }, says: /offset: missing; add it/ },
    { settings: holding(70_000, 'int16'), says: /offset: 70000 must be from 0 to 65535/ },
    { settings: holding(65_535, 'int32'), says: /65535 with 2 registers ends at 65536/ },
    { settings: holding(0, 'int128'), says: /dataType: "int128" must be one of/ },
    { settings: holding(0, 'int32', { limit: 1 }), says: /limit 1 does not fit dataType int32/ },
    { settings: holding(0, 'int16', { limit: 200 }), says: /limit: 200 must be from 1 to 123/ },
    { settings: { register: 'coil', offset: 1, limit: 8 }, says: /limit 8 does not fit a coil/ },
  ],
};

const overTcp = conformance('Modbus TCP', {
  ...common,
  driver: modbusDriver,
  start: () =>
    start('tcp:127.0.0.1:0', (address) => ({ ip: '127.0.0.1', port: Number(address.split(':').at(-1)), slaveID: 7 })),
  sameConfigs: [
    { ip: '10.0.0.5', port: 502, unitId: 7 },
    { IP: '10.0.0.5', slaveID: '7' },
    { communicateMode: 'tcp', host: '10.0.0.5', Port: '502', deviceid: 7, protocolID: '1' },
  ],
  lines: [
    { ip: '10.0.0.5', unitId: 1 },
    { ip: '10.0.0.5', unitId: 2, timeout: 500 },
    { ip: '10.0.0.5', port: 503, unitId: 1 },
  ],
  wrongConfigs: [
    { settings: {}, says: /ip: missing; add ip, or serialPort/ },
    { settings: { ip: 'x', unitId: 300 }, says: /unitId: 300 must be from 0 to 255/ },
    { settings: { ip: 'x', slaveID: 'seven' }, says: /slaveID: "seven" must be a number/ },
    { settings: { ip: 'x', port: 0 }, says: /port: 0 must be from 1 to 65535/ },
    { settings: { communicateMode: 'UDP', ip: 'x' }, says: /communicateMode: "UDP" must be one of TCP, RTU/ },
    { settings: { communicateMode: 'RTU', ip: 'x' }, says: /communicateMode is RTU and serialPort is missing/ },
    { settings: { ip: 'x', timeout: '0' }, says: /timeout: "?0"? must be from 10 to 60000/ },
  ],
});

const overRtu = conformance('Modbus RTU on a pseudo-terminal', {
  ...common,
  driver: modbusDriver,
  start: () => start(`pty:${bus}`, () => ({ serialPort: bus, baudRate: 115_200, unitId: 7 })),
  sameConfigs: [
    { serialPort: '/dev/ttyS0', baudRate: 9_600, unitId: 7, parity: 'even' },
    { serialName: '/dev/ttyS0', baudRate: '9600', slaveID: '7', parity: 'E' },
    {
      communicateMode: 'rtu',
      SerialPort: '/dev/ttyS0',
      deviceID: 7,
      parity: 'Even',
      dataBits: '8',
      rs485Enabled: true,
    },
  ],
  lines: [
    { serialPort: '/dev/ttyS0', unitId: 1 },
    { serialPort: '/dev/ttyS0', unitId: 2 },
    { serialPort: '/dev/ttyS1', unitId: 1 },
  ],
  wrongConfigs: [
    { settings: { serialPort: '/dev/x', unitId: 0 }, says: /unitId 0 cannot be polled on a serial line/ },
    { settings: { serialPort: '/dev/x', unitId: 248 }, says: /unitId 248 cannot be polled/ },
    { settings: { serialPort: '/dev/x', parity: 'mark' }, says: /parity: "mark" must be one of none, even, odd/ },
    { settings: { serialPort: '/dev/x', baudRate: 'fast' }, says: /baudRate: "fast" must be a number/ },
    { settings: { serialPort: '/dev/x', stopBits: 3 }, says: /stopBits: 3 must be from 1 to 2/ },
    { settings: { communicateMode: 'TCP', serialPort: '/dev/x' }, says: /communicateMode is TCP and ip is missing/ },
  ],
});

overRtu.after(() => rmSync(folder, { recursive: true, force: true }));

overTcp.run();
overRtu.run();
