import type { Clock } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { rejected } from '@selvedge/base/errors';
import { nearest } from '@selvedge/base/nearest';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import type { UnitDevice } from '../modbus/units.ts';
import type { Point, PointValue } from '../plant/plant.ts';
import { assertRepresentable } from '../points/value-codec.ts';

/** One hour, so that a slip of the finger does not keep the simulator busy for days. */
const maxAdvanceMs = 3_600_000;
const maxDelayMs = 60_000;

export interface ControlTargets {
  readonly devices: ReadonlyMap<string, UnitDevice>;
  readonly worldClock: Clock;
}

/**
 * What the control API does, apart from HTTP: the answer to `method` on `path` with `body`.
 * @throws rejected `NotFound`, `MethodNotAllowed`, `InvalidBody`; configError `InvalidValue`
 */
export async function control(
  targets: ControlTargets,
  method: string,
  path: readonly string[],
  body: unknown,
): Promise<unknown> {
  const [root, device, point, ...more] = path;
  if (more.length > 0) throw notFound(path);
  if (root === 'points') {
    if (device === undefined) return reading(method, () => allPoints(targets));
    const unit = findDevice(targets, device);
    if (point === undefined) return reading(method, () => pointsOf(unit));
    const one = findPoint(unit, point);
    if (method === 'PUT') setPoint(unit, one, body);
    else expectGet(method);
    return { value: json(unit.memory.get(one)) };
  }
  if (root === 'devices' && point === undefined) {
    if (device === undefined) {
      return reading(method, () =>
        Object.fromEntries([...targets.devices].map(([name, unit]) => [name, summary(unit)])),
      );
    }
    const unit = findDevice(targets, device);
    if (method === 'PUT') changeDevice(unit, body);
    else expectGet(method);
    return summary(unit);
  }
  if (root === 'clock' && device === undefined) {
    if (method === 'PUT') await advance(targets.worldClock, body);
    else expectGet(method);
    return { now: new Date(targets.worldClock.now()).toISOString() };
  }
  throw notFound(path);
}

function reading(method: string, read: () => unknown): unknown {
  expectGet(method);
  return read();
}

function expectGet(method: string): void {
  if (method !== 'GET') throw rejected('MethodNotAllowed', `Method ${method} does nothing here; use GET`);
}

const notFound = (path: readonly string[]) =>
  rejected(
    'NotFound',
    `Nothing at "/${path.join('/')}"; known: /points, /points/DEVICE/POINT, /devices/DEVICE, /clock`,
  );

const allPoints = ({ devices }: ControlTargets) =>
  Object.fromEntries([...devices].map(([name, unit]) => [name, pointsOf(unit)]));

const pointsOf = ({ memory }: UnitDevice) =>
  Object.fromEntries(memory.device.points.map((point) => [point.name, json(memory.get(point))]));

/** JSON has no NaN and no infinities, which a float register may hold: they become text. */
const json = (value: PointValue): PointValue | string =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

function summary({ memory, online, responseDelay }: UnitDevice) {
  const { line, unit } = memory.device;
  return { line, unit, online, responseDelay };
}

function findDevice({ devices }: ControlTargets, name: string): UnitDevice {
  const device = devices.get(name);
  if (device) return device;
  throw unknown('device', name, [...devices.keys()]);
}

function findPoint({ memory }: UnitDevice, name: string): Point {
  const point = memory.device.points.find((one) => one.name === name);
  if (point) return point;
  throw unknown(
    `point of "${memory.device.name}"`,
    name,
    memory.device.points.map((one) => one.name),
  );
}

function unknown(what: string, name: string, known: readonly string[]) {
  const near = nearest(name, known);
  const hint = near === undefined ? `known: ${known.slice(0, 20).join(', ')}` : `did you mean "${near}"?`;
  return rejected('NotFound', `Unknown ${what} "${name}"; ${hint}`);
}

function setPoint(unit: UnitDevice, point: Point, body: unknown): void {
  const { value } = fields(body, ['value']);
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw rejected('InvalidBody', 'Cannot set a point: write {"value": 12.5} or {"value": true}');
  }
  assertRepresentable(point, value);
  unit.memory.set(point, value);
}

function changeDevice(unit: UnitDevice, body: unknown): void {
  const { online, responseDelay } = fields(body, ['online', 'responseDelay']);
  if (online !== undefined && typeof online !== 'boolean') {
    throw rejected('InvalidBody', `Cannot set online to ${JSON.stringify(online)}: write true or false`);
  }
  const delay = optionalNumber('responseDelay', responseDelay, maxDelayMs);
  if (online !== undefined) unit.online = online;
  if (delay !== undefined) unit.responseDelay = millis(delay);
}

async function advance(clock: Clock, body: unknown): Promise<void> {
  const by = optionalNumber('advance', fields(body, ['advance']).advance, maxAdvanceMs);
  if (!(clock instanceof VirtualClock)) {
    throw rejected('InvalidBody', 'Cannot advance the clock: it is the real one; start with --clock virtual');
  }
  if (by === undefined) throw rejected('InvalidBody', 'Cannot advance the clock: write {"advance": MILLISECONDS}');
  await clock.advance(millis(by));
}

function optionalNumber(name: string, value: unknown, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw rejected('InvalidBody', `Cannot take ${name} ${JSON.stringify(value)}: must be 0 to ${most} milliseconds`);
}

function fields(body: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw rejected('InvalidBody', `The body must be a JSON object with ${known.join(', ')}`);
  }
  const wrong = Object.keys(body).find((key) => !known.includes(key));
  if (wrong === undefined) return body as Readonly<Record<string, unknown>>;
  const near = nearest(wrong, known);
  throw rejected(
    'InvalidBody',
    `Unknown key "${wrong}"; ${near ? `did you mean "${near}"?` : `known: ${known.join(', ')}`}`,
  );
}
