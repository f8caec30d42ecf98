import { millis } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import { assertRepresentable } from '../points/value-codec.ts';
import {
  type AddressOf,
  formatAddress,
  isLoopback,
  parseAddress,
  type Scheme,
  type ServerAddress,
} from '../transport/address.ts';
import type { Path, PlantDocument } from './document.ts';
import {
  bitTables,
  type Device,
  isBit,
  type Line,
  type Plant,
  type Point,
  registersOf,
  registerTables,
} from './plant.ts';
import type { DeviceFile, LineFile, PlantFile } from './schema.ts';
import { type DeviceCopy, resolveSignals } from './signals.ts';

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const maxDevices = 1_000;

/** Fills in defaults, makes the copies that `repeat` asks for, and checks what a schema cannot see. */
export function resolvePlant(document: PlantDocument, file: PlantFile): Plant {
  const lines = Object.entries(file.lines).map(([name, line]) => resolveLine(document, name, line));
  const listening = new Set<string>();
  for (const line of lines) {
    const address = formatAddress(line.listen);
    if (listening.has(address) && !address.endsWith(':0')) {
      throw document.fail(['lines', line.name, 'modbus', 'listen'], `another line listens on ${address} already`);
    }
    listening.add(address);
  }
  const devices = Object.entries(file.devices).flatMap(([name, device]) =>
    copies(document, name, device).map((copy) => ({ ...copy, device: resolveDevice(document, copy, lines) })),
  );
  if (devices.length > maxDevices) throw document.fail(['devices'], `more than ${maxDevices} devices`);
  rejectSharedUnits(document, devices);
  const { signals, inputs } = resolveSignals(document, file.world ?? {}, devices);
  return {
    seed: file.seed ?? 1,
    step: millis(file.step ?? 50),
    control: file.control === undefined ? undefined : resolveControl(document, file.control.listen),
    lines,
    devices: devices.map(({ device }) => device),
    signals,
    inputs,
  };
}

function copies(document: PlantDocument, name: string, file: DeviceFile): DeviceCopy[] {
  const path = ['devices', name];
  checkName(document, path, name);
  if (file.repeat === undefined) return [{ name, unit: file.unit, file, path }];
  if (file.unit + file.repeat - 1 > 247) {
    throw document.fail(
      [...path, 'repeat'],
      `the last copy would have unit id ${file.unit + file.repeat - 1}; the highest is 247`,
    );
  }
  return Array.from({ length: file.repeat }, (_, index) => ({
    name: `${name}-${index + 1}`,
    unit: file.unit + index,
    file,
    path,
  }));
}

function resolveLine(document: PlantDocument, name: string, { modbus }: LineFile): Line {
  const path = ['lines', name];
  checkName(document, path, name);
  const parity = modbus.parity ?? 'even';
  return {
    name,
    listen: resolveAddress(document, [...path, 'modbus', 'listen'], modbus.listen, ['tcp', 'pty']),
    // Modbus over Serial Line 1.02, 2.5.1: 19,200 baud and even parity unless told otherwise, two stop bits without parity.
    serial: {
      baudRate: modbus.baudRate ?? 19_200,
      dataBits: modbus.dataBits ?? 8,
      parity,
      stopBits: modbus.stopBits ?? (parity === 'none' ? 2 : 1),
    },
    unknownUnit: modbus.unknownUnit ?? 'exception',
  };
}

function resolveControl(document: PlantDocument, text: string): ServerAddress {
  const path = ['control', 'listen'];
  const address = resolveAddress(document, path, text, ['tcp', 'unix']);
  if (address.scheme === 'tcp' && !isLoopback(address.host)) {
    throw document.fail(path, `"${text}" is not a loopback address; who reaches the control API may turn every knob`);
  }
  return address;
}

function resolveAddress<S extends Scheme>(
  document: PlantDocument,
  path: Path,
  text: string,
  schemes: readonly S[],
): AddressOf<S> {
  try {
    return parseAddress(text, schemes);
  } catch (error) {
    throw document.fail(path, describeError(error));
  }
}

function resolveDevice(
  document: PlantDocument,
  { name, unit, file, path }: DeviceCopy,
  lines: readonly Line[],
): Device {
  if (!lines.some((line) => line.name === file.line)) {
    throw document.unknown(
      [...path, 'line'],
      'line',
      file.line,
      lines.map((line) => line.name),
    );
  }
  const points = resolvePoints(document, name, file, path);
  rejectOverlaps(document, path, points);
  return {
    name,
    line: file.line,
    unit,
    online: file.online ?? true,
    responseDelay: millis(file.responseDelay ?? 0),
    holes: file.holes ?? 'zero',
    identity: {
      vendor: file.identity?.vendor ?? 'Selvedge',
      product: file.identity?.product ?? name,
      revision: file.identity?.revision ?? '1.0',
    },
    points,
  };
}

function resolvePoints(document: PlantDocument, device: string, file: DeviceFile, path: Path): Point[] {
  const points: Point[] = [];
  const add = (at: Path, point: Point) => {
    checkName(document, at, point.name);
    const twice = points.find((other) => other.name === point.name);
    if (twice) throw document.fail(at, `the name "${point.name}" is taken by a point under ${twice.table}`);
    const last = point.address + (isBit(point) ? 1 : registersOf(point.type)) - 1;
    if (last > 65_535) throw document.fail([...at, 'address'], 'its last register is past 65535');
    try {
      assertRepresentable(point, point.initial);
    } catch (error) {
      throw document.fail([...at, 'initial'], describeError(error));
    }
    points.push(point);
  };
  for (const table of bitTables) {
    for (const [name, point] of Object.entries(file[table] ?? {})) {
      add([...path, table, name], { device, name, table, address: point.address, initial: point.initial ?? false });
    }
  }
  for (const table of registerTables) {
    for (const [name, point] of Object.entries(file[table] ?? {})) {
      const at = [...path, table, name];
      if (point.scale === 0)
        throw document.fail([...at, 'scale'], 'must not be 0: every raw value would mean the same');
      const type = point.type ?? 'int16';
      add(at, {
        device,
        name,
        table,
        address: point.address,
        type,
        wordOrder: point.wordOrder ?? 'big',
        byteOrder: point.byteOrder ?? 'big',
        scale: point.scale ?? 1,
        offset: point.offset ?? 0,
        initial: point.initial ?? (type === 'bool' ? false : (point.offset ?? 0)),
      });
    }
  }
  return points;
}

function rejectOverlaps(document: PlantDocument, path: Path, points: readonly Point[]): void {
  const taken = new Map<string, Point>();
  for (const point of points) {
    const width = isBit(point) ? 1 : registersOf(point.type);
    for (let address = point.address; address < point.address + width; address++) {
      const key = `${point.table} ${address}`;
      const other = taken.get(key);
      if (other) {
        throw document.fail(
          [...path, point.table, point.name, 'address'],
          `address ${address} is taken by "${other.name}"`,
        );
      }
      taken.set(key, point);
    }
  }
}

function rejectSharedUnits(
  document: PlantDocument,
  devices: readonly (DeviceCopy & { readonly device: Device })[],
): void {
  const units = new Map<string, string>();
  const names = new Set<string>();
  for (const { device, path } of devices) {
    if (names.has(device.name)) throw document.fail(path, `there is another device "${device.name}"`);
    names.add(device.name);
    const key = `${device.line} ${device.unit}`;
    const other = units.get(key);
    if (other !== undefined) {
      throw document.fail([...path, 'unit'], `unit ${device.unit} of line "${device.line}" is taken by "${other}"`);
    }
    units.set(key, device.name);
  }
}

function checkName(document: PlantDocument, path: Path, name: string): void {
  if (namePattern.test(name)) return;
  throw document.fail(
    path,
    `the name "${name.slice(0, 80)}" must be a letter, then at most 62 letters, digits, _ or -`,
  );
}
