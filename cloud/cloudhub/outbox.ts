import type { Clock, Timer } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { deviceObjectFrame } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import type { Held } from '@selvedge/contract/link-report';

/** An object that a node should hold: a Device or DeviceModel as it stands in the API. */
export interface LinkedObject {
  readonly kind: 'device' | 'devicemodel';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** What travels. */
  readonly content: { readonly metadata: { readonly name: string; readonly resourceVersion?: string } };
}

export type ObjectRef = Pick<LinkedObject, 'kind' | 'namespace' | 'name'>;
type Version = Pick<LinkedObject, 'uid' | 'generation'>;

/** What the node is to hold next: an object, or nothing. */
type Wanted = { readonly operation: 'put'; readonly object: LinkedObject } | { readonly operation: 'delete' };

interface Flight {
  readonly frame: LinkFrame;
  /** What the node holds once it has acknowledged; undefined after a delete. */
  readonly leadsTo: Version | undefined;
  readonly timer: Timer;
}

interface Entry {
  readonly ref: ObjectRef;
  /** What the node is known to hold. */
  known?: Version | undefined;
  wanted?: Wanted | undefined;
  flight?: Flight | undefined;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** Puts a frame on the wire. */
  readonly send: (frame: LinkFrame) => void;
  /** Whether the wire takes more at the moment; when it does again, `flush` is called. */
  readonly canSend: () => boolean;
  /** The node has acknowledged, and nothing more is wanted of this object. */
  readonly onSettled: (ref: ObjectRef) => void;
}

/** KubeEdge's interval: what is not acknowledged goes out again. */
const resendAfter = seconds(5);

const keyOf = (ref: ObjectRef): string => `${ref.kind}/${ref.namespace}/${ref.name}`;

/**
 * What one node holds and is to hold. Per object at most one frame is under way and the newest version wins; different
 * objects do not wait for each other. A frame goes out again every 5 s until it is acknowledged, or a newer one takes its place.
 * Frames leave in the order in which they were asked for, so a model that was put before its device arrives before it.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #entries = new Map<string, Entry>();
  /** Keys whose wanted state has not been sent yet. */
  readonly #ready = new Set<string>();
  /** Key by the id of the frame under way. */
  readonly #flights = new Map<string, string>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Takes over the node's own list of what it holds. */
  learn(held: Held): void {
    for (const { kind, namespace, name, uid, generation } of held.objects) {
      const entry = this.#entry({ kind: kind as ObjectRef['kind'], namespace, name });
      if (entry.flight === undefined) entry.known = { uid, generation };
    }
  }

  /** Asks for the node to hold this object. Does nothing when it does, or is about to. */
  put(object: LinkedObject): void {
    const entry = this.#entry(object);
    if (same(next(entry), object)) return;
    // Back to what is under way or held: the newer wish is void.
    const arriving = same(entry.flight ? entry.flight.leadsTo : entry.known, object);
    this.#want(entry, arriving ? undefined : { operation: 'put', object });
  }

  /** Asks for the node to hold this object no more. */
  delete(ref: ObjectRef): void {
    const entry = this.#entries.get(keyOf(ref));
    if (entry === undefined || next(entry) === undefined) return;
    const neverSent = entry.flight === undefined && entry.known === undefined;
    this.#want(entry, neverSent ? undefined : { operation: 'delete' });
  }

  /** Whether the node holds this object, or might: it counts from the first send until a delete is acknowledged. */
  mayHold(ref: ObjectRef): boolean {
    const entry = this.#entries.get(keyOf(ref));
    return entry !== undefined && (entry.known !== undefined || entry.flight !== undefined);
  }

  /** The version that the node has acknowledged. */
  acknowledged(ref: ObjectRef): Version | undefined {
    return this.#entries.get(keyOf(ref))?.known;
  }

  /** Everything that the node holds or might hold, of one kind. */
  held(kind: ObjectRef['kind']): ObjectRef[] {
    return [...this.#entries.values()]
      .map((entry) => entry.ref)
      .filter((ref) => ref.kind === kind && this.mayHold(ref));
  }

  /** @returns false when no frame of that id is under way: acknowledged twice, or a newer one took its place */
  acknowledge(frameId: string): boolean {
    const key = this.#flights.get(frameId);
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (key === undefined || entry?.flight === undefined) return false;
    entry.known = entry.flight.leadsTo;
    this.#land(entry);
    if (entry.wanted !== undefined) this.#ready.add(key);
    else this.#settle(key, entry);
    this.flush();
    return true;
  }

  /** Sends what is waiting, as far as the wire takes it. */
  flush(): void {
    for (const key of this.#ready) {
      if (!this.#options.canSend()) return;
      this.#ready.delete(key);
      const entry = this.#entries.get(key);
      if (entry?.wanted !== undefined && entry.flight === undefined) this.#launch(key, entry, entry.wanted);
    }
  }

  stop(): void {
    for (const entry of this.#entries.values()) entry.flight?.timer.cancel();
    this.#entries.clear();
    this.#ready.clear();
    this.#flights.clear();
  }

  #entry(ref: ObjectRef): Entry {
    const key = keyOf(ref);
    const found = this.#entries.get(key);
    if (found) return found;
    const entry: Entry = { ref: { kind: ref.kind, namespace: ref.namespace, name: ref.name } };
    this.#entries.set(key, entry);
    return entry;
  }

  #want(entry: Entry, wanted: Wanted | undefined): void {
    entry.wanted = wanted;
    if (wanted === undefined) return;
    if (entry.flight === undefined) this.#ready.add(keyOf(entry.ref));
    this.flush();
  }

  #launch(key: string, entry: Entry, wanted: Wanted): void {
    const frame = this.#frame(entry, wanted);
    entry.wanted = undefined;
    const leadsTo = wanted.operation === 'delete' ? undefined : versionOf(wanted.object);
    this.#fly(key, entry, frame, leadsTo);
  }

  #fly(key: string, entry: Entry, frame: LinkFrame, leadsTo: Version | undefined): void {
    const timer = this.#options.clock.after('resend', resendAfter, () => this.#overdue(key));
    entry.flight = { frame, leadsTo, timer };
    this.#flights.set(frame.header.msg_id, key);
    this.#options.send(frame);
  }

  /** No acknowledgement came: the same frame again, or the newer one that waits behind it. */
  #overdue(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.flight === undefined) return;
    const { frame, leadsTo } = entry.flight;
    this.#land(entry);
    // It may have arrived without us knowing: from here on the node might hold it.
    if (leadsTo !== undefined) entry.known ??= { uid: leadsTo.uid, generation: -1 };
    if (entry.wanted !== undefined) {
      this.#ready.add(key);
      this.flush();
    } else this.#fly(key, entry, frame, leadsTo);
  }

  #land(entry: Entry): void {
    if (entry.flight === undefined) return;
    entry.flight.timer.cancel();
    this.#flights.delete(entry.flight.frame.header.msg_id);
    entry.flight = undefined;
  }

  #settle(key: string, entry: Entry): void {
    if (entry.known === undefined) this.#entries.delete(key);
    this.#options.onSettled(entry.ref);
  }

  #frame(entry: Entry, wanted: Wanted): LinkFrame {
    const stamp = { now: this.#options.clock.now() };
    if (wanted.operation === 'put') {
      const operation = entry.known === undefined ? 'insert' : 'update';
      return deviceObjectFrame(stamp, operation, wanted.object.kind, wanted.object.content);
    }
    const { kind, namespace, name } = entry.ref;
    const content = { metadata: { name, namespace, uid: entry.known?.uid ?? '' } };
    return deviceObjectFrame(stamp, 'delete', kind, content);
  }
}

const versionOf = (object: LinkedObject): Version => ({ uid: object.uid, generation: object.generation });

/** What the node will hold when all that is asked for has arrived. */
function next(entry: Entry): Version | undefined {
  if (entry.wanted) return entry.wanted.operation === 'delete' ? undefined : versionOf(entry.wanted.object);
  return entry.flight ? entry.flight.leadsTo : entry.known;
}

const same = (a: Version | undefined, b: Version | undefined): boolean =>
  a !== undefined && b !== undefined && a.uid === b.uid && a.generation === b.generation;
