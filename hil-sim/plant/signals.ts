import type { Path, PlantDocument } from './document.ts';
import type { Device, Law, Point, Ref, Signal } from './plant.ts';
import { type DeviceFile, type SignalFile, type SignalKind, signalSchemas } from './schema.ts';

const maxSignals = 10_000;

/** One device to be, `path` being where it stands in the file. */
export interface DeviceCopy {
  readonly name: string;
  readonly unit: number;
  readonly file: DeviceFile;
  readonly path: Path;
}

interface Entry {
  readonly name: string;
  readonly path: Path;
  readonly file: SignalFile;
  /** The device it stands in, whose names it may use without the device's name in front. */
  readonly device: Device | undefined;
}

/** Turns every name that a signal mentions into the point or the signal it means. */
export function resolveSignals(
  document: PlantDocument,
  world: Readonly<Record<string, unknown>>,
  devices: readonly (DeviceCopy & { readonly device: Device })[],
): { signals: Signal[]; inputs: Point[] } {
  const entries: Entry[] = [
    ...Object.entries(world).map(([name, value]) => entry(document, ['world', name], name, value, undefined)),
    ...devices.flatMap(({ device, file, path }) =>
      Object.entries(file.physics ?? {}).map(([name, value]) =>
        entry(document, [...path, 'physics', name], `${device.name}.${name}`, value, device),
      ),
    ),
  ];
  if (entries.length > maxSignals) throw document.fail([], `more than ${maxSignals} signals`);
  const names = new Names(
    document,
    entries,
    devices.map(({ device }) => device),
  );
  const driven = new Map<Point, string>();
  const signals = entries.map((one) => {
    const drives = [one.file.drives ?? []].flat().map((name) => {
      const point = names.point(one, [...one.path, 'drives'], name);
      const other = driven.get(point);
      if (other !== undefined)
        throw document.fail([...one.path, 'drives'], `"${name}" is driven by "${other}" already`);
      driven.set(point, one.name);
      return point;
    });
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = one.file;
    if (min > max) throw document.fail([...one.path, 'min'], `${min} is above max ${max}`);
    const law = resolveLaw(document, one, names);
    return { name: one.name, law, initial: one.file.initial ?? 0, noise: one.file.noise ?? 0, min, max, drives };
  });
  return { signals, inputs: names.inputs };
}

function entry(document: PlantDocument, path: Path, name: string, value: unknown, device: Device | undefined): Entry {
  const short = path.at(-1) ?? '';
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(short)) throw document.fail(path, `"${short}" is no name for a signal`);
  if (device?.points.some((point) => point.name === short)) {
    throw document.fail(path, `the name "${short}" is taken by a point of this device`);
  }
  const kind = (value as { kind: string }).kind;
  if (!Object.hasOwn(signalSchemas, kind)) {
    throw document.unknown([...path, 'kind'], 'kind of signal', kind, Object.keys(signalSchemas));
  }
  const schema = signalSchemas[kind as SignalKind];
  return { name, path, file: document.check(schema, value, path) as SignalFile, device };
}

/** Looks names up, nearest first: the device's own, then the world's, then `device.name`. */
class Names {
  readonly inputs: Point[] = [];
  readonly #document: PlantDocument;
  readonly #signals = new Map<string, number>();
  readonly #points = new Map<string, Point>();

  constructor(document: PlantDocument, entries: readonly Entry[], devices: readonly Device[]) {
    this.#document = document;
    for (const [index, one] of entries.entries()) this.#signals.set(one.name, index);
    for (const device of devices) {
      for (const point of device.points) this.#points.set(`${device.name}.${point.name}`, point);
    }
  }

  ref(from: Entry, key: string, value: number | string): Ref {
    if (typeof value === 'number') return { from: 'constant', value };
    for (const name of from.device ? [`${from.device.name}.${value}`, value] : [value]) {
      const signal = this.#signals.get(name);
      if (signal !== undefined) return { from: 'signal', index: signal };
      const point = this.#points.get(name);
      if (point) return { from: 'point', index: this.#inputIndex(point) };
    }
    const known = this.#known(from, [...this.#signals.keys(), ...this.#points.keys()]);
    throw this.#document.unknown([...from.path, key], 'point or signal', value, known);
  }

  point(from: Entry, path: Path, value: string): Point {
    const point = (from.device && this.#points.get(`${from.device.name}.${value}`)) ?? this.#points.get(value);
    if (point) return point;
    throw this.#document.unknown(path, 'point', value, this.#known(from, [...this.#points.keys()]));
  }

  #known(from: Entry, names: readonly string[]): string[] {
    const own = from.device ? `${from.device.name}.` : '';
    return names
      .map((name) => (own && name.startsWith(own) ? name.slice(own.length) : name))
      .sort((a, b) => Number(a.includes('.')) - Number(b.includes('.')));
  }

  #inputIndex(point: Point): number {
    const index = this.inputs.indexOf(point);
    return index >= 0 ? index : this.inputs.push(point) - 1;
  }
}

function resolveLaw(document: PlantDocument, one: Entry, names: Names): Law {
  const { file } = one;
  const ref = (key: string, value: number | string) => names.ref(one, key, value);
  const optional = (key: string, value: number | string | undefined) =>
    value === undefined ? undefined : ref(key, value);
  switch (file.kind) {
    case 'constant':
      return { kind: 'constant', value: ref('value', file.value) };
    case 'lag':
      return {
        kind: 'lag',
        towards: ref('towards', file.towards),
        tau: file.tau,
        when: ref('when', file.when ?? 1),
        ambient: optional('ambient', file.ambient),
        ambientTau: file.ambientTau ?? file.tau,
      };
    case 'slew':
      return { kind: 'slew', towards: ref('towards', file.towards), rate: file.rate };
    case 'ramp':
      return {
        kind: 'ramp',
        from: ref('from', file.from),
        to: ref('to', file.to),
        duration: file.duration,
        end: file.end ?? 'hold',
        when: ref('when', file.when ?? 1),
      };
    case 'counter':
      return {
        kind: 'counter',
        rate: ref('rate', file.rate),
        gain: file.gain ?? 1,
        modulus: file.modulus,
        when: ref('when', file.when ?? 1),
      };
    case 'sine':
      return {
        kind: 'sine',
        mean: ref('mean', file.mean ?? 0),
        amplitude: ref('amplitude', file.amplitude),
        period: file.period,
        phase: file.phase ?? 0,
      };
    case 'sum':
      return {
        kind: 'sum',
        terms: Object.entries(file.terms).map(([name, factor]) => ({ ref: ref('terms', name), factor })),
        offset: file.offset ?? 0,
      };
    case 'switch':
      if ((file.above === undefined) === (file.below === undefined)) {
        throw document.fail(one.path, 'give either "above" or "below"');
      }
      return {
        kind: 'switch',
        input: ref('input', file.input),
        above: optional('above', file.above),
        below: optional('below', file.below),
        hysteresis: file.hysteresis ?? 0,
        when: ref('when', file.when ?? 1),
      };
  }
}
