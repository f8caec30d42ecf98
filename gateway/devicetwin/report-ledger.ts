import type { StateReport, TwinReport } from '@selvedge/contract/link-report';
import type { TwinProperty } from '@selvedge/contract/twin';
import { stateOf } from './health.ts';
import { dueAt, gatheringTime, heartbeat, type ReportPolicy, type Told } from './reporting.ts';
import type { Twin } from './twin-state.ts';

/** One report that is to be sent; `token` names it when its fate is known. */
export type OutgoingReport =
  | { readonly kind: 'state'; readonly token: number; readonly content: StateReport }
  | { readonly kind: 'twin'; readonly token: number; readonly content: TwinReport };

interface ToldState {
  readonly key: string;
  readonly at: number;
  readonly onlineAt: number | undefined;
}

/** Properties in one report at most, so that a frame stays far below the link's bound; the others go in the next. */
const maxProperties = 256;

/**
 * What the cloud has been told about one device. Not kept on disk: after a restart everything is told once more, which costs a
 * report and cannot leave anything out.
 */
export class ReportLedger {
  #token = 0;
  #uid: string | undefined;
  #told = new Map<string, Told>();
  /** When it was first seen that a property has something new to tell. */
  #noticed = new Map<string, number>();
  /** The generation that some report has told. */
  #generation: number | undefined;
  #generationNoticed: number | undefined;
  #toldState: ToldState | undefined;
  #twinFlight: { token: number; before: Map<string, Told | undefined> } | undefined;
  #stateFlight: { token: number; before: ToldState | undefined } | undefined;
  #policies: { of: Twin['durable']['properties']; map: Map<string, ReportPolicy> } | undefined;

  /** When there is something to send: a time, possibly past, or undefined. What is on its way is not sent beside. */
  due(twin: Twin, now: number): number | undefined {
    this.#follow(twin);
    let earliest = this.#stateDue(twin, now);
    if (this.#twinFlight || (earliest !== undefined && earliest <= now)) return earliest;
    const policies = this.#policiesOf(twin);
    for (const name of Object.keys(twin.durable.properties)) {
      const due = this.#propertyDue(twin, name, policies, now);
      if (due !== undefined && (earliest === undefined || due < earliest)) earliest = due;
    }
    return earliest;
  }

  /** The next report, counted as told from here on until `lost` says otherwise. State goes ahead of values. */
  take(twin: Twin, now: number, wallClock: number): OutgoingReport | undefined {
    this.#follow(twin);
    const stateDue = this.#stateDue(twin, now);
    if (stateDue !== undefined && stateDue <= now) {
      this.#stateFlight = { token: ++this.#token, before: this.#toldState };
      this.#toldState = { key: stateKey(twin), at: now, onlineAt: twin.live.lastOnlineAt };
      this.#toldGeneration(twin);
      return { kind: 'state', token: this.#token, content: stateReport(twin, wallClock) };
    }
    if (this.#twinFlight) return undefined;
    const policies = this.#policiesOf(twin);
    const names = Object.keys(twin.durable.properties).filter((name) => {
      const due = this.#propertyDue(twin, name, policies, now);
      return due !== undefined && due <= now;
    });
    if (names.length === 0) return undefined;
    const before = new Map<string, Told | undefined>();
    for (const name of names.slice(0, maxProperties)) {
      before.set(name, this.#told.get(name));
      this.#told.set(name, { at: now, property: propertyOf(twin, name) });
      this.#noticed.delete(name);
    }
    this.#twinFlight = { token: ++this.#token, before };
    this.#toldGeneration(twin);
    return { kind: 'twin', token: this.#token, content: twinReport(twin, [...before.keys()], wallClock) };
  }

  /** The cloud has kept the report. */
  confirmed(token: number): void {
    if (this.#stateFlight?.token === token) this.#stateFlight = undefined;
    if (this.#twinFlight?.token === token) this.#twinFlight = undefined;
  }

  /** Nobody knows whether the report arrived: it counts as not told, and is built afresh from the twin as it is then. */
  lost(token: number): void {
    if (this.#stateFlight?.token === token) {
      this.#toldState = this.#stateFlight.before;
      this.#generation = undefined;
      this.#stateFlight = undefined;
    }
    if (this.#twinFlight?.token === token) {
      for (const [name, told] of this.#twinFlight.before) {
        if (told) this.#told.set(name, told);
        else this.#told.delete(name);
      }
      this.#generation = undefined;
      this.#twinFlight = undefined;
    }
  }

  /** Whether everything has been told and confirmed, but for values that wait for their cycle. */
  isSettled(twin: Twin, now: number): boolean {
    if (this.#stateFlight || this.#twinFlight) return false;
    const due = this.due(twin, now);
    return due === undefined || due > now;
  }

  /** An object that was deleted and made anew is new to the cloud as well. */
  #follow({ durable }: Twin): void {
    if (this.#uid === durable.uid) return;
    this.#uid = durable.uid;
    this.#told.clear();
    this.#noticed.clear();
    this.#generation = undefined;
    this.#toldState = undefined;
    this.#twinFlight = undefined;
    this.#stateFlight = undefined;
  }

  /** A changed state is told at once, the time of the last answer alone at the heartbeat. */
  #stateDue(twin: Twin, now: number): number | undefined {
    if (this.#stateFlight) return undefined;
    const told = this.#toldState;
    if (!told || told.key !== stateKey(twin)) return now;
    if (this.#generation !== twin.durable.generation) {
      // A report of values carries it too, and mostly there is one: the new generation brought a new value.
      this.#generationNoticed ??= now;
      return this.#generationNoticed + gatheringTime;
    }
    return told.onlineAt === twin.live.lastOnlineAt ? undefined : told.at + heartbeat;
  }

  #propertyDue(twin: Twin, name: string, policies: ReadonlyMap<string, ReportPolicy>, now: number): number | undefined {
    const noticed = this.#noticed.get(name);
    const due = dueAt(policies.get(name) ?? unresolved, this.#told.get(name), propertyOf(twin, name), now, noticed);
    if (due !== undefined && noticed === undefined) this.#noticed.set(name, now);
    return due;
  }

  #toldGeneration(twin: Twin): void {
    this.#generation = twin.durable.generation;
    this.#generationNoticed = undefined;
  }

  #policiesOf({ durable }: Twin): Map<string, ReportPolicy> {
    if (this.#policies?.of !== durable.properties) {
      const map = new Map(durable.resolved?.properties.map((property) => [property.name, property]));
      this.#policies = { of: durable.properties, map };
      // A property that is gone and comes back is new to the cloud.
      for (const map of [this.#told, this.#noticed]) {
        for (const name of map.keys()) if (!durable.properties[name]) map.delete(name);
      }
    }
    return this.#policies.map;
  }
}

export function propertyOf(twin: Twin, name: string): TwinProperty {
  const { desired, lastWrite } = twin.durable.properties[name] ?? {};
  const reported = twin.live.reported[name];
  return { ...(desired && { desired }), ...(reported && { reported }), ...(lastWrite && { lastWrite }) };
}

const unresolved: ReportPolicy = { reportCycle: 1_000, deadband: 0, reportToCloud: true };

function stateKey({ durable, live }: Twin): string {
  const { reason, message, since } = live.health;
  return JSON.stringify([durable.uid, reason, message, since]);
}

function stateReport({ durable, live }: Twin, now: number): StateReport {
  const { reason, message, since } = live.health;
  return {
    timestamp: now,
    device: {
      name: durable.name,
      state: stateOf(live.health),
      ...(live.lastOnlineAt === undefined ? {} : { lastOnlineTime: new Date(live.lastOnlineAt).toISOString() }),
    },
    device_uid: durable.uid,
    observed_generation: durable.generation,
    health: { reason, message: message.slice(0, 1_024), since },
  };
}

function twinReport(twin: Twin, names: readonly string[], now: number): TwinReport {
  const entries = names.map((name) => [name, msgTwin(twin, name)] as const);
  return {
    timestamp: now,
    twin: Object.fromEntries(entries),
    device_uid: twin.durable.uid,
    observed_generation: twin.durable.generation,
  };
}

function msgTwin(twin: Twin, name: string): TwinReport['twin'][string] {
  const { desired, reported, lastWrite } = propertyOf(twin, name);
  const property = twin.durable.resolved?.properties.find((candidate) => candidate.name === name);
  const told = reported && property?.reportToCloud !== false ? reported : undefined;
  const reason = told?.qualityReason === undefined ? {} : { quality_reason: told.qualityReason.slice(0, 1_024) };
  return {
    ...(desired && { expected: { value: desired.value } }),
    ...(told && {
      actual: {
        // KubeEdge's cloud wants a text here. Of bad quality and empty, it says to ours that nothing was ever read.
        value: told.value ?? '',
        metadata: { timestamp: Math.round(told.at), quality: told.quality, ...reason },
      },
    }),
    ...(property && { metadata: { type: property.type.toLowerCase() } }),
    ...(lastWrite && { last_write: lastWrite }),
  };
}
