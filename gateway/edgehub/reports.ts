import type { Clock, Timer } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { stateReportFrame, twinReportFrame } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import type { StateReport, TwinReport } from '@selvedge/contract/link-report';
import { parseDeviceKey } from '@selvedge/contract/names';

export type Report =
  | { readonly kind: 'state'; readonly token: number; readonly content: StateReport }
  | { readonly kind: 'twin'; readonly token: number; readonly content: TwinReport };

/** Where reports come from. They are built when they are sent, so that what is sent is always the newest. */
export interface ReportSource {
  nextReport(key: string): Report | undefined;
  confirmed(key: string, token: number): void;
  lost(key: string, token: number): void;
  /** Devices that have something to tell. */
  unsettled(): string[];
}

interface Flight {
  readonly key: string;
  readonly token: number;
  readonly timer: Timer;
}

/** A report that is not confirmed within this time is built afresh and sent again. */
const confirmWithin = seconds(5);
/** Reports on their way at the same time, so that a reconnect does not flood the cloud. */
const maxFlights = 128;

/** Sends reports while there is a link, and finds out what became of each. */
export class ReportPump {
  readonly #source: ReportSource;
  readonly #send: (frame: LinkFrame) => boolean;
  readonly #clock: Clock;
  readonly #ready = new Set<string>();
  readonly #flights = new Map<string, Flight>();
  #connected = false;
  #pumping = false;

  constructor(options: { source: ReportSource; send: (frame: LinkFrame) => boolean; clock: Clock }) {
    this.#source = options.source;
    this.#send = options.send;
    this.#clock = options.clock;
  }

  /** A device has something to tell. */
  ready(key: string): void {
    if (!this.#connected) return;
    this.#ready.add(key);
    if (this.#pumping) return;
    this.#pumping = true;
    // After the present change is through: several changes of one device at a time make one report.
    queueMicrotask(() => this.#pump());
  }

  connected(): void {
    this.#connected = true;
    for (const key of this.#source.unsettled()) this.ready(key);
  }

  /** Nobody knows what arrived: everything on its way counts as lost. */
  disconnected(): void {
    this.#connected = false;
    this.#ready.clear();
    for (const id of [...this.#flights.keys()]) this.#end(id, false);
  }

  /** Takes an acknowledgement; false when it is not for a report. */
  settle(parent: string, confirmed: boolean): boolean {
    const known = this.#flights.has(parent);
    // A report that the cloud could not take is sent again when its time is up, not at once and for ever.
    if (known && confirmed) this.#end(parent, true);
    return known;
  }

  #pump(): void {
    this.#pumping = false;
    for (const key of this.#ready) {
      if (!this.#connected || this.#flights.size >= maxFlights) return;
      this.#ready.delete(key);
      for (let report = this.#source.nextReport(key); report; report = this.#source.nextReport(key)) {
        this.#launch(key, report);
      }
    }
  }

  #launch(key: string, report: Report): void {
    const device = parseDeviceKey(key);
    const stamp = { now: this.#clock.now() };
    const frame =
      report.kind === 'state'
        ? stateReportFrame(stamp, device, report.content)
        : twinReportFrame(stamp, device, report.content);
    const id = frame.header.msg_id;
    const timer = this.#clock.after(`confirm ${key}`, confirmWithin, () => this.#end(id, false));
    this.#flights.set(id, { key, token: report.token, timer });
    this.#send(frame);
  }

  #end(id: string, confirmed: boolean): void {
    const flight = this.#flights.get(id);
    if (!flight) return;
    flight.timer.cancel();
    this.#flights.delete(id);
    if (confirmed) this.#source.confirmed(flight.key, flight.token);
    else this.#source.lost(flight.key, flight.token);
    const [next] = this.#ready;
    if (next !== undefined) this.ready(next);
  }
}
