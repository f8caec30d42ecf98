import type { Clock } from '@selvedge/base/clock';
import { type Duration, millis, seconds } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import { KeyQueue } from '@selvedge/base/key-queue';
import type { Logger } from '@selvedge/base/log';
import type { DeviceHealth } from '@selvedge/contract/conditions';
import { type Device, type DeviceStatus, deviceApiVersion } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { confirmFrame, keepaliveTimeoutMs } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import type { LinkMessage } from '@selvedge/contract/link-message';
import { type DeviceRef, deviceKey, parseDeviceKey } from '@selvedge/contract/names';
import { type ConditionInput, conditions } from './conditions.ts';
import { DeviceIndex, modelKeyOf } from './device-index.ts';
import type { EventRecorder } from './event-recorder.ts';
import { type HandoverInput, handover, heldBy } from './handover.ts';
import { type Judgement, judgeDevice } from './judge.ts';
import type { LinkedObject, Links, NodeLink, ObjectRef } from './links.ts';
import { membershipChange, membershipDetail } from './membership.ts';
import type { ProtocolSchemas } from './protocols.ts';
import { foldState, foldTwin, keepTwins } from './report.ts';
import { type StatusStore, StatusWriter } from './status-writer.ts';
import { transitions } from './transitions.ts';

/** A copy of all objects of one kind, kept by somebody else. */
export interface Copy<Item> {
  get(key: string): Item | undefined;
  readonly items: ReadonlyMap<string, Item>;
}

export interface DeviceControllerOptions {
  readonly devices: Copy<Device>;
  readonly models: Copy<DeviceModel>;
  readonly links: Links;
  readonly store: StatusStore;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly protocols: ProtocolSchemas;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A gateway answers a changed Device within this time as a rule, and then one status patch tells both. */
const judgeAfter = millis(100);
const sweepAfter = seconds(1);

/**
 * Brings every Device to the gateway that its spec names, and what the gateways report into its status. Level-based: events
 * only say which device to look at, and the same objects and sessions always lead to the same frames. The way down never
 * waits for the way up; only a change of hands is written down before the next gateway learns of the device.
 */
export class DeviceController {
  readonly #options: DeviceControllerOptions;
  readonly #index = new DeviceIndex();
  readonly #queue: KeyQueue;
  /** Nodes whose models and leftovers are to be looked through. */
  readonly #sweeps: KeyQueue;
  readonly #writer: StatusWriter;
  /** What the gateways say of devices, by uid. */
  readonly #health = new Map<string, Pick<DeviceHealth, 'reason' | 'message'>>();
  readonly #moving = new Map<string, string>();
  readonly #judgements = new Map<string, { stamp: string; judgement: Judgement }>();
  readonly #startedAt: number;

  constructor(options: DeviceControllerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#startedAt = clock.monotonic();
    const onError = (key: string, error: unknown) =>
      log.error('reconcile failed', { key, error: describeError(error) });
    this.#queue = new KeyQueue({ clock, onError, work: async (key) => this.#reconcile(key) });
    this.#sweeps = new KeyQueue({ clock, onError, work: async (node) => this.#sweep(node) });
    this.#writer = new StatusWriter({
      store: options.store,
      clock,
      log,
      device: (key) => options.devices.get(key),
      complete: (key, device, status) => this.#complete(key, device, status),
      onWritten: (key, device, before, after) => {
        if (before.nodeName !== after.nodeName) this.#queue.add(key);
        for (const event of transitions(before, after)) options.recorder.record(device, event);
      },
    });
  }

  /** A Device changed in the API. Our own status writes come back here and end here. */
  deviceChanged(key: string, device: Device | undefined, before: Device | undefined): void {
    this.#index.update(key, device, before);
    this.#writer.seen(key, device);
    if (before && (!device || device.metadata.uid !== before.metadata.uid))
      this.#health.delete(before.metadata.uid ?? '');
    const same =
      device?.metadata.uid === before?.metadata.uid &&
      device?.metadata.generation === before?.metadata.generation &&
      device?.status?.nodeName === before?.status?.nodeName;
    if (!same) this.#queue.add(key);
  }

  modelChanged(key: string, model: DeviceModel | undefined, before: DeviceModel | undefined): void {
    const [now, then] = [model?.metadata, before?.metadata];
    if (now?.uid === then?.uid && now?.generation === then?.generation) return;
    for (const device of this.#index.ofModel(key)) this.#queue.add(device);
  }

  /** A node's link is there, gone, or has become ready: all of its devices are looked at again. */
  linkChanged(node: string): void {
    const link = this.#options.links.get(node);
    for (const key of this.#index.ofNode(node)) this.#queue.add(key);
    // What the node holds and nobody wants any more: deleted, or moved, while it was away.
    for (const ref of link?.held('device') ?? []) this.#queue.add(deviceKey(ref));
    if (link?.isReady) this.#sweeps.addAfter(node, sweepAfter);
  }

  /** A node acknowledged the newest version, or the deletion, of an object. */
  settled(link: NodeLink, ref: ObjectRef): void {
    if (ref.kind !== 'device') return;
    const key = deviceKey(ref);
    if (!link.mayHold(ref)) this.#queue.add(key);
    // A KubeEdge edge reports no generation: its acknowledgement is all there is.
    else if (!link.ours) this.#writer.touch(key, millis(0));
  }

  /** What a node says of its devices. */
  message(link: NodeLink, message: LinkMessage): void {
    const now = this.#options.clock.now();
    if (message.type === 'membershipQuery') {
      const devices = [...this.#index.ofNode(link.node)].filter((key) => this.#target(key) === link.node);
      for (const frame of membershipDetail(now, message.frame, devices.map(parseDeviceKey))) link.send(frame);
    } else if (message.type === 'twinReport') {
      const { content } = message;
      this.#report(link, message, content.device_uid, (status) => foldTwin(status, content));
    } else if (message.type === 'stateReport') {
      const { content } = message;
      const uid = content.device_uid ?? this.#options.devices.get(deviceKey(message.device))?.metadata.uid;
      const isCurrent = this.#report(link, message, content.device_uid, (status) => foldState(status, content));
      if (isCurrent && uid && content.health) {
        const { reason, message: text } = content.health;
        this.#health.set(uid, { reason: reason as DeviceHealth['reason'], message: text });
      }
    }
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
    await this.#sweeps.stop();
    await this.#writer.stop();
  }

  /** @returns whether the report is about the Device as it is now */
  #report(
    link: NodeLink,
    message: { readonly device: DeviceRef; readonly frame: LinkFrame },
    uid: string | undefined,
    fold: (status: DeviceStatus) => DeviceStatus,
  ): boolean {
    const { clock, devices, log } = this.#options;
    const key = deviceKey(message.device);
    const device = devices.get(key);
    const confirm = () => link.send(confirmFrame({ now: clock.now() }, message.frame));
    const isIts = device !== undefined && (uid === undefined || uid === device.metadata.uid);
    if (!isIts || !this.#mayReport(key, link.node)) {
      // Confirmed all the same: asking for it again would not make it welcome.
      log.debug('report dropped', {
        device: key,
        node: link.node,
        reason: isIts ? 'not its device' : 'no such device',
      });
      confirm();
      return false;
    }
    this.#writer.change(key, fold, confirm);
    return true;
  }

  /** A node speaks for the devices that it holds, or that are on the way to it. */
  #mayReport(key: string, node: string): boolean {
    return (this.#writer.status(key).nodeName ?? this.#target(key)) === node;
  }

  #target(key: string): string | undefined {
    return this.#options.devices.get(key)?.spec.nodeName || undefined;
  }

  #reconcile(key: string): Duration | undefined {
    const { devices, links } = this.#options;
    const ref: ObjectRef = { kind: 'device', ...parseDeviceKey(key) };
    const device = devices.get(key);
    const target = this.#target(key);
    for (const link of links.all()) if (link.node !== target && link.mayHold(ref)) this.#withdraw(link, ref);
    if (!device) {
      this.#moving.delete(key);
      this.#judgements.delete(key);
      return undefined;
    }
    const next = handover(this.#handoverInput(key, ref, target));
    if (next.action === 'wait') this.#moving.set(key, next.message);
    else this.#moving.delete(key);
    if (next.action === 'claim') {
      const { node } = next;
      this.#writer.change(key, (status) => heldBy(node, status));
      return undefined;
    }
    if (next.action === 'deliver' && target !== undefined) this.#deliver(device, target);
    this.#writer.touch(key, judgeAfter);
    return next.action === 'wait' ? next.again : this.#untilUnreachable(target);
  }

  #deliver(device: Device, target: string): void {
    const link = this.#options.links.get(target);
    if (!link?.isReady) return;
    const model = this.#options.models.get(modelKeyOf(device) ?? '');
    // A KubeEdge edge cannot use a device without its model; ours shows it as waiting.
    if (!model && !link.ours) return;
    const object = linked('device', 'Device', device);
    if (!link.ours && !link.mayHold(object)) link.send(membershipChange(this.#options.clock.now(), [object], []));
    if (model) link.put(linked('devicemodel', 'DeviceModel', model));
    link.put(object);
  }

  #withdraw(link: NodeLink, ref: ObjectRef): void {
    if (!link.ours) link.send(membershipChange(this.#options.clock.now(), [], [ref]));
    link.delete(ref);
    this.#sweeps.addAfter(link.node, sweepAfter);
  }

  #handoverInput(key: string, ref: ObjectRef, target: string | undefined): HandoverInput {
    const { links } = this.#options;
    const holder = this.#writer.status(key).nodeName;
    const link = holder === undefined ? undefined : links.get(holder);
    const straggler = [...links.all()].find(
      (candidate) => candidate.node !== target && candidate.node !== holder && candidate.mayHold(ref),
    );
    return {
      target,
      holder,
      holderLink: link ? { mayHold: !link.isReady || link.mayHold(ref) } : { silentFor: this.#silentFor(holder ?? '') },
      straggler: straggler?.node,
    };
  }

  /** Takes from a node the models that none of its devices uses any more. */
  #sweep(node: string): undefined {
    const { links, devices, models } = this.#options;
    const link = links.get(node);
    if (!link?.isReady) return;
    const used = new Set([...this.#index.ofNode(node)].map((key) => modelKeyOf(devices.get(key) as Device)));
    for (const ref of link.held('devicemodel')) {
      const key = deviceKey(ref);
      if (!used.has(key) || !models.get(key)) link.delete(ref);
    }
  }

  /** How long the node has not been heard of; after a start it is given the benefit of the doubt. */
  #silentFor(node: string): number {
    const { links, clock } = this.#options;
    return clock.monotonic() - Math.max(links.lastSeen(node) ?? 0, this.#startedAt);
  }

  #unreachable(target: string | undefined): ConditionInput['unreachable'] {
    if (target === undefined || this.#silentFor(target) < keepaliveTimeoutMs) return undefined;
    return this.#options.links.lastSeen(target) === undefined ? 'unseen' : 'lost';
  }

  #untilUnreachable(target: string | undefined): Duration | undefined {
    if (target === undefined || this.#options.links.get(target)) return undefined;
    const left = keepaliveTimeoutMs - this.#silentFor(target);
    return left > 0 ? millis(left) : undefined;
  }

  #complete(key: string, device: Device, folded: DeviceStatus): DeviceStatus {
    const { links, models, clock } = this.#options;
    const target = device.spec.nodeName || undefined;
    const link = target === undefined ? undefined : links.get(target);
    let status = keepTwins(device.spec, { ...folded, state: folded.state ?? 'unknown' });
    if (link && !link.ours) {
      const taken = link.acknowledged({ kind: 'device', ...parseDeviceKey(key) });
      if (taken && taken.uid === device.metadata.uid && taken.generation > (status.observedGeneration ?? 0)) {
        status = { ...status, observedGeneration: taken.generation };
      }
    }
    const model = models.get(modelKeyOf(device) ?? '');
    const judged = conditions({
      device,
      status,
      model,
      judgement: this.#judge(key, device, model),
      unreachable: link ? undefined : this.#unreachable(target),
      moving: this.#moving.get(key),
      health: this.#health.get(device.metadata.uid ?? ''),
      now: clock.now(),
    });
    return { ...status, conditions: judged };
  }

  #judge(key: string, device: Device, model: DeviceModel | undefined): Judgement {
    const stamp = [device, model].map((object) => `${object?.metadata.uid}@${object?.metadata.generation}`).join();
    const known = this.#judgements.get(key);
    if (known?.stamp === stamp) return known.judgement;
    const judgement = judgeDevice(model, device, this.#options.protocols);
    this.#judgements.set(key, { stamp, judgement });
    return judgement;
  }
}

/** What travels: the object as it stands in the API, without its status, with apiVersion and kind, which lists leave out. */
function linked(kind: ObjectRef['kind'], apiKind: string, object: Device | DeviceModel): LinkedObject {
  const { namespace = 'default', name, uid = '', generation = 0, managedFields: _, ...more } = object.metadata;
  const metadata = { name, namespace, uid, generation, ...more };
  return {
    kind,
    namespace,
    name,
    uid,
    generation,
    content: { apiVersion: deviceApiVersion, kind: apiKind, metadata, spec: object.spec } as LinkedObject['content'],
  };
}
