import { millis, seconds } from '@selvedge/base/duration';
import { transient } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import type { Device, DeviceStatus } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { stateReportFrame, twinReportFrame } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import { readMessage } from '@selvedge/contract/link-message';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DeviceController } from './device-controller.ts';
import type { LinkedObject, NodeLink, ObjectRef } from './links.ts';
import type { DeviceEvent } from './transitions.ts';

const test = suite('device controller');
const ref = { namespace: 'default', name: 'boiler' };

const model: DeviceModel = {
  metadata: { name: 'm', namespace: 'default', uid: 'm1', generation: 1 },
  spec: { properties: [{ name: 'setpoint', type: 'FLOAT', visitors: { configData: { at: 1 } } }] },
};

const device = (generation: number, more: Partial<Device['spec']> = {}, uid = 'd1'): Device => ({
  metadata: { ...ref, uid, generation, resourceVersion: '1' },
  spec: {
    deviceModelRef: { name: 'm' },
    nodeName: 'edge-1',
    protocol: { protocolName: 'imaginary' },
    properties: [{ name: 'setpoint', desired: { value: '60' } }],
    ...more,
  },
});

/** A node whose connection is a set of objects: acknowledges at once unless told to hold back. */
class FakeLink implements NodeLink {
  readonly holding = new Map<string, LinkedObject>();
  readonly sent: LinkFrame[] = [];
  readonly log: string[] = [];
  isReady = true;
  stubborn = false;
  readonly node: string;
  readonly ours: boolean;
  readonly #settled: (link: FakeLink, ref: ObjectRef) => void;

  constructor(node: string, ours: boolean, settled: (link: FakeLink, ref: ObjectRef) => void) {
    this.node = node;
    this.ours = ours;
    this.#settled = settled;
  }

  put(object: LinkedObject): void {
    const key = `${object.kind}/${object.name}`;
    const held = this.holding.get(key);
    if (held?.uid === object.uid && held.generation === object.generation) return;
    this.holding.set(key, object);
    this.log.push(`put ${key}@${object.generation}`);
    queueMicrotask(() => this.#settled(this, object));
  }

  delete(target: ObjectRef): void {
    if (this.stubborn || !this.holding.delete(`${target.kind}/${target.name}`)) return;
    this.log.push(`delete ${target.kind}/${target.name}`);
    queueMicrotask(() => this.#settled(this, target));
  }

  mayHold(target: ObjectRef): boolean {
    return this.holding.has(`${target.kind}/${target.name}`);
  }

  acknowledged(target: ObjectRef) {
    return this.holding.get(`${target.kind}/${target.name}`);
  }

  held(kind: ObjectRef['kind']): ObjectRef[] {
    return [...this.holding.values()].filter((object) => object.kind === kind);
  }

  send(frame: LinkFrame): void {
    this.sent.push(frame);
  }
}

/** The controller with an API server of a few lines: objects in a map, and a watch that tells of every write. */
function arrange() {
  const clock = new VirtualClock();
  const devices = new Map<string, Device>();
  const models = new Map<string, DeviceModel>([['default/m', model]]);
  const links = new Map<string, FakeLink>();
  const lastSeen = new Map<string, number>();
  const patches: { status: DeviceStatus }[] = [];
  const events: string[] = [];
  const api = { latencyMs: 5, failures: 0, inFlight: 0, mostInFlight: 0, version: 10 };
  const controller: DeviceController = new DeviceController({
    devices: { items: devices, get: (key) => devices.get(key) },
    models: { items: models, get: (key) => models.get(key) },
    links: { get: (node) => links.get(node), all: () => links.values(), lastSeen: (node) => lastSeen.get(node) },
    store: {
      patchDeviceStatus: <Item>(target: { namespace: string; name: string; uid: string }, status: object) =>
        new Promise<Item>((resolve, reject) => {
          api.inFlight++;
          api.mostInFlight = Math.max(api.mostInFlight, api.inFlight);
          clock.after('api', millis(api.latencyMs), () => {
            api.inFlight--;
            if (api.failures-- > 0) return reject(transient('Unreachable', 'the API server is away'));
            const key = `${target.namespace}/${target.name}`;
            const before = devices.get(key);
            if (!before || before.metadata.uid !== target.uid) return reject(transient('NotFound', 'gone'));
            patches.push({ status: status as DeviceStatus });
            const merged = Object.entries({ ...before.status, ...status }).filter(([, value]) => value !== null);
            const metadata = { ...before.metadata, resourceVersion: String(++api.version) };
            const after = { ...before, metadata, status: Object.fromEntries(merged) as DeviceStatus };
            resolve(after as Item);
            clock.after('watch', millis(1), () => set(after));
          });
        }),
    },
    recorder: { record: (_: Device, event: DeviceEvent) => void events.push(event.reason) },
    protocols: new Map(),
    clock,
    log: silentLogger,
  });
  function set(next: Device | undefined): void {
    const before = devices.get('default/boiler');
    if (next) devices.set('default/boiler', next);
    else devices.delete('default/boiler');
    controller.deviceChanged('default/boiler', next, before);
  }
  function connect(node: string, ours = true): FakeLink {
    const link = new FakeLink(node, ours, (from, target) => controller.settled(from, target));
    links.set(node, link);
    controller.linkChanged(node);
    return link;
  }
  function disconnect(node: string): void {
    lastSeen.set(node, clock.monotonic());
    links.delete(node);
    controller.linkChanged(node);
  }
  /** A change of the spec, as a client makes it: the status is not touched. */
  function edit(next: Device): void {
    const status = devices.get('default/boiler')?.status;
    const metadata = { ...next.metadata, resourceVersion: String(++api.version) };
    set({
      ...next,
      metadata,
      ...(status && next.metadata.uid === devices.get('default/boiler')?.metadata.uid ? { status } : {}),
    });
  }
  const reasons = () =>
    (devices.get('default/boiler')?.status?.conditions ?? []).map(({ type, reason }) => `${type}=${reason}`).join(' ');
  const status = () => devices.get('default/boiler')?.status;
  return { clock, controller, links, patches, events, api, set, edit, connect, disconnect, reasons, status, models };
}

const stateReport = (uid = 'd1', state = 'online', generation = 1, reason: 'Ready' | 'DeviceUnreachable' = 'Ready') =>
  stateReportFrame({ now: 0 }, ref, {
    timestamp: 0,
    device: { name: 'boiler', state },
    device_uid: uid,
    observed_generation: generation,
    health: { reason, message: 'told', since: 0 },
  });

const valueReport = (value: string, uid = 'd1') =>
  twinReportFrame({ now: 0 }, ref, {
    timestamp: 0,
    device_uid: uid,
    twin: { setpoint: { actual: { value, metadata: { timestamp: 1, quality: 'good' } } } },
  });

test('a new device is written down as held before its gateway gets it, then a change goes down without waiting for a write', async () => {
  const { clock, edit, connect, status } = arrange();
  const link = connect('edge-1');
  edit(device(1));
  await clock.advance(millis(0));
  assert.equal(link.log, []);
  await clock.advance(millis(20));
  assert.is(status()?.nodeName, 'edge-1');
  assert.equal(link.log, ['put devicemodel/m@1', 'put device/boiler@1']);
  edit(device(2));
  await clock.advance(millis(0));
  assert.is(link.log.at(-1), 'put device/boiler@2');
});

test('comes to rest: with nothing new there is nothing to write, not even after its own writes come back', async () => {
  const { clock, edit, connect, patches, controller } = arrange();
  const link = connect('edge-1');
  edit(device(1));
  await clock.advance(seconds(1));
  controller.message(link, readMessage(stateReport()));
  await clock.advance(seconds(1));
  const written = patches.length;
  const sent = link.sent.length;
  controller.message(link, readMessage(stateReport()));
  await clock.advance(seconds(120));
  assert.is(patches.length, written);
  assert.is(link.sent.length, sent + 1, 'said twice it is confirmed twice');
});

test('folds what comes while a patch is under way into the next, and confirms each report after it is stored', async () => {
  const { clock, edit, connect, patches, controller, api, status } = arrange();
  const link = connect('edge-1');
  edit(device(1));
  await clock.advance(seconds(1));
  const before = patches.length;
  api.latencyMs = 100;
  api.mostInFlight = 0;
  for (let value = 1; value <= 50; value++) {
    controller.message(link, readMessage(valueReport(String(value))));
    await clock.advance(millis(1));
  }
  assert.is(link.sent.length, 0, 'nothing is confirmed before it is stored');
  await clock.advance(seconds(1));
  assert.is(patches.length - before, 2);
  assert.is(api.mostInFlight, 1);
  assert.is(status()?.twins?.[0]?.reported?.value, '50');
  assert.is(link.sent.length, 50);
});

test('a report is kept over an outage of the API server, and confirmed once it is stored', async () => {
  const { clock, edit, connect, controller, api, status } = arrange();
  const link = connect('edge-1');
  edit(device(1));
  await clock.advance(seconds(1));
  api.failures = 4;
  controller.message(link, readMessage(valueReport('42')));
  await clock.advance(millis(500));
  assert.is(link.sent.length, 0);
  await clock.advance(seconds(20));
  assert.is(status()?.twins?.[0]?.reported?.value, '42');
  assert.is(link.sent.length, 1);
});

test('a report about a device that was replaced, or that another gateway has, is confirmed and changes nothing', async () => {
  const { clock, edit, connect, controller, status } = arrange();
  const link = connect('edge-1');
  const other = connect('edge-2');
  edit(device(1));
  await clock.advance(seconds(1));
  controller.message(link, readMessage(valueReport('1', 'earlier')));
  controller.message(other, readMessage(valueReport('2')));
  await clock.advance(seconds(1));
  assert.is(status()?.twins, undefined);
  assert.is(link.sent.length, 1);
  assert.is(other.sent.length, 1);
});

test('says GatewayUnreachable 30 s after the gateway was last heard of, keeps the values, and says so when it is back', async () => {
  const { clock, edit, connect, disconnect, controller, reasons, status, events } = arrange();
  const link = connect('edge-1');
  edit(device(1));
  await clock.advance(seconds(1));
  controller.message(link, readMessage(stateReport()));
  controller.message(link, readMessage(valueReport('42')));
  await clock.advance(seconds(1));
  assert.match(reasons(), 'Ready=Ready');
  disconnect('edge-1');
  await clock.advance(seconds(29));
  assert.match(reasons(), 'Ready=Ready');
  await clock.advance(seconds(2));
  assert.match(reasons(), 'Ready=GatewayUnreachable');
  assert.is(status()?.twins?.[0]?.reported?.value, '42');
  connect('edge-1');
  await clock.advance(seconds(1));
  assert.match(reasons(), 'Ready=Ready');
  assert.equal(events, ['DeviceOnline', 'GatewayUnreachable', 'GatewayBack']);
});

test('a gateway that never came is said to be unseen, and another one in its place is no return', async () => {
  const { clock, edit, connect, reasons, status, events } = arrange();
  edit(device(1, { nodeName: 'egde-1' }));
  await clock.advance(seconds(31));
  assert.match(reasons(), 'Ready=GatewayUnreachable');
  assert.match(
    status()?.conditions?.[0]?.message ?? '',
    /^gateway "egde-1" has not connected since the cloud started;/,
  );
  connect('edge-1');
  edit(device(2));
  await clock.advance(seconds(1));
  assert.match(reasons(), 'Ready=Moving');
  await clock.advance(seconds(60));
  assert.match(reasons(), 'Ready=Pending');
  assert.equal(events, ['GatewayUnreachable']);
});

test('a device that goes offline and back makes two events, however many reports tell it', async () => {
  const { clock, edit, connect, controller, events, reasons } = arrange();
  const link = connect('edge-1');
  edit(device(1));
  await clock.advance(seconds(1));
  for (const [state, reason] of [
    ['online', 'Ready'],
    ['offline', 'DeviceUnreachable'],
    ['offline', 'DeviceUnreachable'],
  ] as const) {
    controller.message(link, readMessage(stateReport('d1', state, 1, reason)));
    await clock.advance(seconds(1));
  }
  assert.equal(events, ['DeviceOnline', 'DeviceOffline']);
  assert.match(reasons(), 'Ready=DeviceUnreachable');
});

test('moves a device only when its gateway let go of it, or has been silent for 40 s', async () => {
  const { clock, edit, connect, disconnect, reasons, status } = arrange();
  const from = connect('edge-1');
  const to = connect('edge-2');
  edit(device(1));
  await clock.advance(seconds(1));
  from.stubborn = true;
  edit(device(2, { nodeName: 'edge-2' }));
  await clock.advance(seconds(60));
  assert.match(reasons(), 'Ready=Moving');
  assert.equal(to.log, []);
  disconnect('edge-1');
  await clock.advance(seconds(39));
  assert.equal(to.log, []);
  await clock.advance(seconds(2));
  assert.is(status()?.nodeName, 'edge-2');
  assert.is(to.log.at(-1), 'put device/boiler@2');
});

test('takes a device that was deleted from its gateway, and then the model that nobody uses any more', async () => {
  const { clock, edit, connect, set } = arrange();
  const link = connect('edge-1');
  edit(device(1));
  await clock.advance(seconds(1));
  set(undefined);
  await clock.advance(seconds(2));
  assert.equal(link.log.slice(-2), ['delete device/boiler', 'delete devicemodel/m']);
});

test('a device that is deleted and made again on another node waits for the first to let go', async () => {
  const { clock, edit, connect, set } = arrange();
  const first = connect('edge-1');
  const second = connect('edge-2');
  edit(device(1));
  await clock.advance(seconds(1));
  first.stubborn = true;
  set(undefined);
  edit(device(1, { nodeName: 'edge-2' }, 'd2'));
  await clock.advance(seconds(5));
  assert.equal(second.log, []);
  first.stubborn = false;
  edit(device(2, { nodeName: 'edge-2' }, 'd2'));
  await clock.advance(seconds(1));
  assert.is(second.log.at(-1), 'put device/boiler@2');
});

test('a changed model goes to the gateways whose devices use it', async () => {
  const { clock, edit, connect, models, controller } = arrange();
  const link = connect('edge-1');
  edit(device(1));
  await clock.advance(seconds(1));
  const changed = { ...model, metadata: { ...model.metadata, generation: 2 } };
  models.set('default/m', changed);
  controller.modelChanged('default/m', changed, model);
  await clock.advance(millis(0));
  assert.is(link.log.at(-1), 'put devicemodel/m@2');
});

test('a KubeEdge edge gets membership, then model and device, and its acknowledgement counts as having taken it up', async () => {
  const { clock, edit, connect, status, controller, reasons } = arrange();
  const link = connect('edge-1', false);
  edit(device(1));
  await clock.advance(seconds(1));
  assert.equal(link.log, ['put devicemodel/m@1', 'put device/boiler@1']);
  assert.is(link.sent[0]?.route.resource, 'membership');
  assert.is(status()?.observedGeneration, 1);
  const report = twinReportFrame({ now: 0 }, ref, { timestamp: 0, twin: { setpoint: { actual: { value: '60' } } } });
  controller.message(link, readMessage(report));
  await clock.advance(seconds(1));
  assert.match(reasons(), 'Synced=Verified');
});

test.run();
