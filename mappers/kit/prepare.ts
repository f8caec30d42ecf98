import { describeError } from '@selvedge/base/errors';
import { checkDesired } from '@selvedge/contract/desired';
import { type ConfigProblem, normalise } from '@selvedge/contract/normalise';
import type { ResolvedDevice, ResolvedProperty } from '@selvedge/contract/resolve';
import { toRaw } from './convert.ts';
import type { Driver, Placement, Point } from './driver.ts';
import type { Judgement } from './point-state.ts';
import type { Task } from './schedule.ts';

/** A point with the property that it is of. */
export interface ServedPoint<Address> {
  readonly property: ResolvedProperty;
  readonly point: Point<Address>;
}

/** A device as its driver understands it. */
export interface Prepared<Line, Device, Address> {
  readonly resolved: ResolvedDevice;
  /** Absent when the device as a whole cannot be served: `invalid` says why. */
  readonly placement?: Placement<Line, Device>;
  readonly invalid?: string;
  readonly points: ReadonlyMap<string, ServedPoint<Address>>;
  /** One text for each property that cannot be served. */
  readonly invalidPoints: readonly string[];
  readonly warnings: readonly string[];
}

/** Judges a device by its protocol's schema and rules. Pure; what is wrong becomes text, never an exception. */
export function prepare<Line, Device, Address>(
  driver: Driver<Line, Device, Address>,
  resolved: ResolvedDevice,
): Prepared<Line, Device, Address> {
  const config = normalise(driver.schema.config, resolved.config);
  const warnings = config.warnings.map((warning) => `spec.protocol.configData: ${warning}`);
  const nothing = { resolved, points: new Map(), invalidPoints: [], warnings };
  if (config.problems.length > 0)
    return { ...nothing, invalid: problemText('spec.protocol.configData', config.problems) };
  let placement: Placement<Line, Device>;
  try {
    placement = driver.split(config.value);
  } catch (error) {
    return { ...nothing, invalid: `spec.protocol.configData: ${describeError(error)}` };
  }
  const points = new Map<string, ServedPoint<Address>>();
  const invalidPoints: string[] = [];
  for (const property of resolved.properties) {
    const place = `property "${property.name}"`;
    const visitor = normalise(driver.schema.visitor, property.visitor);
    warnings.push(...visitor.warnings.map((warning) => `${place}: ${warning}`));
    if (visitor.problems.length > 0) {
      invalidPoints.push(problemText(place, visitor.problems));
      continue;
    }
    try {
      const { name, type } = property;
      const point = driver.point({ name, type, visitor: visitor.value, device: placement.device });
      points.set(name, { property, point });
    } catch (error) {
      invalidPoints.push(`${place}: ${describeError(error)}`);
    }
  }
  return { resolved, placement, points, invalidPoints, warnings };
}

const problemText = (place: string, problems: readonly ConfigProblem[]): string =>
  problems.map((problem) => `${place}: ${problem.key}: ${problem.reason}`).join('; ');

/** What to read of a device, and how often: points of one cycle that one request can read make one task. */
export function readTasks<Line, Device, Address>(
  driver: Driver<Line, Device, Address>,
  prepared: Prepared<Line, Device, Address>,
): Task<readonly Point<Address>[]>[] {
  if (!prepared.placement) return [];
  const byCycle = new Map<number, Point<Address>[]>();
  for (const { property, point } of prepared.points.values()) {
    const group = byCycle.get(property.collectCycle);
    if (group) group.push(point);
    else byCycle.set(property.collectCycle, [point]);
  }
  const { device } = prepared.placement;
  return [...byCycle].flatMap(([cycle, points]) => readGroups(driver, points, device).map((job) => ({ job, cycle })));
}

/** Points in as few groups as the driver can read. */
export function readGroups<Line, Device, Address>(
  driver: Driver<Line, Device, Address>,
  points: readonly Point<Address>[],
  device: Device,
): readonly (readonly Point<Address>[])[] {
  return driver.plan ? driver.plan(points, device) : points.map((point) => [point]);
}

/** Whether a desired value may be written, by the model's rules and by what the point can hold. Pure. */
export function judge<Address>(resolved: ResolvedDevice, served: ServedPoint<Address>, value: string): Judgement {
  const verdict = checkDesired(resolved, served.property.name, value);
  if (!verdict.ok) return { ok: false, code: verdict.code, reason: verdict.reason };
  if (served.point.readOnly !== undefined) return { ok: false, code: 'NotWritable', reason: served.point.readOnly };
  return toRaw(served.point, served.property.type, verdict.value);
}
