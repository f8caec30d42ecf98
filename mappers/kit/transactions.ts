import type { Clock } from '@selvedge/base/clock';
import { bug, describeError } from '@selvedge/base/errors';
import type { Revision } from '@selvedge/contract/revision';
import type { Sample } from '@selvedge/contract/sample';
import type { Job } from './agenda.ts';
import { rawEquals } from './convert.ts';
import type { Call, Point, Reading, Session } from './driver.ts';
import {
  acknowledge,
  enforce,
  failReadBack,
  failWrite,
  rejectReadBack,
  rejectWrite,
  send,
  verify,
  type Wanted,
} from './point-state.ts';
import type { ServedPoint } from './prepare.ts';
import { badSamples, sampleOf } from './sampling.ts';
import type { ServedDevice } from './served-device.ts';
import { codeOf, type Verdict } from './verdict.ts';

export type Samples<Line, Device, Address> = (
  device: ServedDevice<Line, Device, Address>,
  samples: readonly Sample[],
) => void;

/** Puts one request on the wire. */
export type Ask<Device, Address> = <Result>(
  request: (session: Session<Device, Address>, settings: Device, call: Call) => Promise<Result>,
) => Promise<Result>;

export interface TransactionsOptions<Line, Device, Address> {
  readonly clock: Clock;
  readonly samples: Samples<Line, Device, Address>;
  /** Books what the end of a request says of line and device, before anything is told of it. */
  readonly book: (device: ServedDevice<Line, Device, Address>, error: unknown) => Verdict;
  /** The device refuses to read these points together. */
  readonly halve: (device: ServedDevice<Line, Device, Address>, points: readonly Point<Address>[]) => void;
}

/** What one job on the wire means for its device: outcomes of writes, samples of reads. No failure of a request is thrown. */
export class Transactions<Line, Device, Address> {
  readonly #options: TransactionsOptions<Line, Device, Address>;

  constructor(options: TransactionsOptions<Line, Device, Address>) {
    this.#options = options;
  }

  async run(job: Job<Line, Device, Address>, ask: Ask<Device, Address>): Promise<void> {
    if ('points' in job) return this.#read(job.device, job.points, ask);
    const { device, property, kind } = job;
    const served = device.prepared.points.get(property);
    const { wanted } = device.state(property);
    if (!served || !wanted)
      throw bug('NothingToWrite', `Cannot ${kind} "${device.key}/${property}": nothing is wanted of it`);
    if (kind === 'write') await this.#write(device, served, wanted, ask);
    else await this.#readBack(device, served, wanted, ask);
  }

  async #write(
    device: ServedDevice<Line, Device, Address>,
    { point }: ServedPoint<Address>,
    { raw }: Wanted,
    ask: Ask<Device, Address>,
  ): Promise<void> {
    const { clock, book } = this.#options;
    const asked = ask((session, settings, call) => session.write(settings, point, raw, call));
    // Told while the request is already on its way: telling first would only make it later.
    device.apply(point.name, send(device.state(point.name), clock.now()));
    const error = await failureOf(asked);
    const verdict = book(device, error);
    const state = device.state(point.name);
    if (verdict === 'answered') return device.apply(point.name, acknowledge(state, clock.now()));
    const problem = { code: codeOf(error), reason: describeError(error) };
    if (verdict === 'refused') device.apply(point.name, rejectWrite(state, problem, clock.now()));
    else device.apply(point.name, failWrite(state, problem, clock.monotonic(), clock.now()));
  }

  async #readBack(
    device: ServedDevice<Line, Device, Address>,
    served: ServedPoint<Address>,
    { raw, revision }: Wanted,
    ask: Ask<Device, Address>,
  ): Promise<void> {
    const { clock, samples, book } = this.#options;
    const { name } = served.point;
    const began = clock.now();
    let reading: Reading | undefined;
    let error: unknown;
    try {
      [reading] = await ask((session, settings, call) => session.read(settings, [served.point], call));
    } catch (thrown) {
      error = thrown;
    }
    const verdict = book(device, error);
    if (verdict === 'refused') {
      const reason = `the device took the value and cannot be read back: ${describeError(error)}`;
      const problem = { code: 'ReadBackRefused', reason };
      return device.apply(name, rejectReadBack(device.state(name), revision, problem, clock.now()));
    }
    if (verdict !== 'answered') {
      return device.apply(name, failReadBack(device.state(name), revision, clock.monotonic()));
    }
    const sample = sampleOf(served, reading, middle(began, clock.now()), revision);
    if (device.prepared.points.get(name) === served) samples(device, [sample]);
    const equal = reading?.raw !== undefined && rawEquals(raw, reading.raw);
    const found = { revision, equal, text: sample.value ?? 'nothing' };
    device.apply(name, verify(device.state(name), found, clock.monotonic(), clock.now()));
  }

  async #read(
    device: ServedDevice<Line, Device, Address>,
    points: readonly Point<Address>[],
    ask: Ask<Device, Address>,
  ): Promise<void> {
    const { clock, samples, book, halve } = this.#options;
    const planned = device.prepared.points;
    const began = clock.now();
    // What the device had acknowledged before this poll began: a later write makes the poll's values old.
    const acked = new Map(points.map(({ name }) => [name, device.state(name).acked]));
    let readings: readonly Reading[] = [];
    let error: unknown;
    try {
      readings = await ask((session, settings, call) => session.read(settings, points, call));
    } catch (thrown) {
      error = thrown;
    }
    const verdict = book(device, error);
    // Configured anew meanwhile, or gone: these may be values of other points.
    if (device.prepared.points !== planned) return;
    if (verdict === 'refused' && points.length > 1) return halve(device, points);
    if (verdict === 'refused' || verdict === 'troubled') {
      return samples(
        device,
        badSamples(points, (name) => acked.get(name), describeError(error), clock.now()),
      );
    }
    if (verdict !== 'answered') return;
    const at = middle(began, clock.now());
    const found = points.flatMap((point, index) => {
      const served = planned.get(point.name);
      return served ? [{ served, sample: sampleOf(served, readings[index], at, acked.get(point.name)) }] : [];
    });
    samples(
      device,
      found.map(({ sample }) => sample),
    );
    for (const { served, sample } of found) if (served.property.enforce) this.#enforce(device, sample, acked);
  }

  #enforce(
    device: ServedDevice<Line, Device, Address>,
    { property, value }: Sample,
    acked: ReadonlyMap<string, Revision | undefined>,
  ): void {
    if (value === undefined) return;
    device.apply(property, { state: enforce(device.state(property), value, acked.get(property)) });
  }
}

async function failureOf(asked: Promise<unknown>): Promise<unknown> {
  try {
    await asked;
    return undefined;
  } catch (error) {
    return error ?? new Error('the driver rejected without a reason');
  }
}

const middle = (began: number, ended: number): number => Math.round((began + ended) / 2);
