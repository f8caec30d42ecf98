import type { Random } from '@selvedge/base/random';
import type { DesiredMessage } from '@selvedge/contract/mapper';
import { deviceKey } from '@selvedge/contract/names';
import type { WriteOutcome } from '@selvedge/contract/outcome';
import type { ResolvedDevice } from '@selvedge/contract/resolve';
import { Breaker } from './breaker.ts';
import { type Health, judgeHealth } from './health.ts';
import { type Change, hold, idlePoint, type PointState, wake, want } from './point-state.ts';
import { judge, type Prepared } from './prepare.ts';

/** Where a device's news goes. Called at once, in order. */
export interface DeviceSink {
  outcome(property: string, outcome: WriteOutcome): void;
  health(health: Health): void;
}

export interface ServedDeviceOptions {
  readonly sink: DeviceSink;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly random: Random;
}

/** One device as its mapper serves it: its configuration, how far each desired value has come, how it is doing. */
export class ServedDevice<Line, Device, Address> {
  readonly key: string;
  readonly uid: string;
  readonly #options: ServedDeviceOptions;
  readonly #states = new Map<string, PointState>();
  readonly #busy = new Set<string>();
  #prepared: Prepared<Line, Device, Address>;
  #breaker: Breaker;
  #desired: DesiredMessage | undefined;
  #lineDown: string | undefined;
  #conflict: string | undefined;
  #unreachable: string | undefined;
  #health: Health | undefined;

  constructor(prepared: Prepared<Line, Device, Address>, options: ServedDeviceOptions) {
    this.key = deviceKey(prepared.resolved);
    this.uid = prepared.resolved.uid;
    this.#options = options;
    this.#breaker = new Breaker(options.random);
    this.#prepared = prepared;
  }

  /** Whether it is worth asking; another one after it has moved. */
  get breaker(): Breaker {
    return this.#breaker;
  }

  get prepared(): Prepared<Line, Device, Address> {
    return this.#prepared;
  }

  get health(): Health {
    return judgeHealth({
      ...(this.#prepared.invalid === undefined ? {} : { invalid: this.#prepared.invalid }),
      invalidPoints: this.#prepared.invalidPoints,
      ...(this.#conflict === undefined ? {} : { conflict: this.#conflict }),
      ...(this.#lineDown === undefined ? {} : { lineDown: this.#lineDown }),
      ...(this.#unreachable === undefined ? {} : { unreachable: this.#unreachable }),
      answered: this.#breaker.hasAnswered || this.#prepared.points.size === 0,
    });
  }

  /** Tells the newest outcome of every point that has one. */
  retellOutcomes(): void {
    for (const [property, { outcome }] of this.#states) if (outcome) this.#options.sink.outcome(property, outcome);
  }

  /** New configuration of the same device: what was written and read stays, desired values are judged anew. */
  configure(prepared: Prepared<Line, Device, Address>): void {
    // Each edit of a desired value brings a new generation; what is read does not change by it.
    const unchanged = isSameService(this.#prepared.resolved, prepared.resolved);
    if (!isSame(this.#prepared.placement, prepared.placement)) this.#move();
    this.#prepared = unchanged ? { ...this.#prepared, resolved: prepared.resolved } : prepared;
    this.#judgeAll();
    this.tellHealth(true);
  }

  /** What the device should have. Another uid's is not for this one. */
  desire(message: DesiredMessage | undefined): void {
    if (message !== undefined && message.uid !== this.uid) return;
    this.#desired = message;
    this.#judgeAll();
  }

  state(property: string): PointState {
    return this.#states.get(property) ?? idlePoint;
  }

  /** Takes over a change and tells its outcome. */
  apply(property: string, change: Change): void {
    this.#set(property, change.state);
    if (change.outcome) this.#options.sink.outcome(property, change.outcome);
  }

  /** Properties with something to write or to read back, those that wait longest first. */
  get busyPoints(): ReadonlySet<string> {
    return this.#busy;
  }

  setLineDown(reason: string | undefined): void {
    this.#lineDown = reason;
    this.#wakeOrHold();
    this.tellHealth();
  }

  setConflict(reason: string | undefined): void {
    this.#conflict = reason;
    this.#wakeOrHold();
    this.tellHealth();
  }

  setUnreachable(reason: string | undefined): void {
    this.#unreachable = reason;
    this.#wakeOrHold();
    this.tellHealth();
  }

  /** Why nothing can be asked of it now; undefined when it can. */
  get obstacle(): { code: string; reason: string } | undefined {
    if (this.#conflict !== undefined) return { code: 'LineConflict', reason: this.#conflict };
    if (this.#lineDown !== undefined) return { code: 'LineDown', reason: this.#lineDown };
    if (this.#unreachable !== undefined) return { code: 'DeviceUnreachable', reason: this.#unreachable };
    return undefined;
  }

  /** Publishes the health when it has changed, or in any case when `always`. */
  tellHealth(always = false): void {
    const health = this.health;
    const same = this.#health?.reason === health.reason && this.#health.message === health.message;
    this.#health = health;
    if (!same || always) this.#options.sink.health(health);
  }

  /** What is known of how it answers was learned at another place. */
  #move(): void {
    this.#breaker = new Breaker(this.#options.random);
    this.#unreachable = undefined;
  }

  #judgeAll(): void {
    const at = this.#options.now();
    const names = new Set([...Object.keys(this.#desired?.properties ?? {}), ...this.#states.keys()]);
    for (const name of names) {
      const desired = this.#desired?.properties[name];
      const served = this.#prepared.points.get(name);
      if (!desired && !served && !this.state(name).inFlight) {
        this.#states.delete(name);
        this.#busy.delete(name);
        continue;
      }
      // A property that cannot be served now keeps its desired value waiting: the configuration may be mended.
      const judgement = desired && served && judge(this.#prepared.resolved, served, desired.value);
      this.apply(name, want(this.state(name), served && desired, judgement, at));
    }
    this.#holdAll();
  }

  #wakeOrHold(): void {
    if (this.obstacle === undefined) {
      for (const [property, state] of this.#states) this.#set(property, wake(state));
    } else this.#holdAll();
  }

  #holdAll(): void {
    const { obstacle } = this;
    if (!obstacle) return;
    const at = this.#options.now();
    for (const [property, state] of this.#states) this.apply(property, hold(state, obstacle, at));
  }

  #set(property: string, state: PointState): void {
    this.#states.set(property, state);
    if (state.step === 'idle') this.#busy.delete(property);
    else this.#busy.add(property);
  }
}

/** Whether two configurations ask for the same to be read and written in the same way. */
const isSameService = (a: ResolvedDevice, b: ResolvedDevice): boolean =>
  isSame([a.protocol, a.config, a.properties], [b.protocol, b.config, b.properties]);

/** Of plain data. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
