import { silentLogger } from '@selvedge/base/log';
import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type HeldKind, type HeldObject, MetaManager, type ObjectChange } from './metamanager.ts';

const test = suite('metamanager');

function memoryStore() {
  const objects = new Map<string, HeldObject>();
  const key = (kind: HeldKind, namespace: string, name: string) => `${kind}/${namespace}/${name}`;
  return {
    objects,
    together: <Result>(work: () => Result) => work(),
    put: (object: HeldObject) => void objects.set(key(object.kind, object.namespace, object.name), object),
    remove: (kind: HeldKind, namespace: string, name: string) => void objects.delete(key(kind, namespace, name)),
    get: (kind: HeldKind, namespace: string, name: string) => objects.get(key(kind, namespace, name)),
    list: () => [...objects.values()].sort((a, b) => b.kind.localeCompare(a.kind)),
  };
}

function setUp(store = memoryStore()) {
  const applied: [Device, DeviceModel | undefined][] = [];
  const removed: string[] = [];
  const manager = new MetaManager({
    store,
    log: silentLogger,
    sink: {
      applied: (device, model) => void applied.push([device, model]),
      removed: async (device, uid) => void removed.push(`${device.namespace}/${device.name} ${uid}`),
    },
  });
  const keep = (change: ObjectChange): (() => Promise<void>) => {
    const [kept] = manager.store([change]);
    if (!kept || 'error' in kept) throw kept?.error;
    return kept.settle;
  };
  return { store, applied, removed, manager, keep };
}

const device = (generation = 1, uid = 'u1'): ObjectChange => ({
  operation: 'update',
  kind: 'device',
  namespace: 'default',
  name: 'boiler',
  content: {
    metadata: { name: 'boiler', namespace: 'default', uid, generation },
    spec: { deviceModelRef: { name: 'model' } },
  },
});
const model: ObjectChange = {
  operation: 'insert',
  kind: 'devicemodel',
  namespace: 'default',
  name: 'model',
  content: { metadata: { name: 'model', namespace: 'default', uid: 'm1', generation: 1 }, spec: {} },
};

test('has an object on disk before anybody hears of it', async () => {
  const { store, applied, keep } = setUp();
  const settle = keep(device());
  assert.is(store.objects.size, 1);
  assert.is(applied.length, 0);
  await settle();
  assert.is(applied.length, 1);
});

test('hands a device on again when its model appears, changes or goes', async () => {
  const { applied, keep } = setUp();
  await keep(device())();
  await keep(model)();
  await keep({ ...model, operation: 'delete' })();
  assert.equal(
    applied.map(([, found]) => found?.metadata.name),
    [undefined, 'model', undefined],
  );
});

test('ignores an older generation and the deletion of a predecessor', async () => {
  const { applied, removed, manager, keep } = setUp();
  await keep(device(5))();
  await keep(device(4))();
  assert.is(applied.length, 1);
  await keep({ ...device(1, 'older'), operation: 'delete' })();
  assert.equal(removed, []);
  assert.is(manager.held().length, 1);
  await keep({ ...device(5), operation: 'delete' })();
  assert.equal(removed, ['default/boiler u1']);
  assert.equal(manager.held(), []);
});

test('says after a restart what it holds, and hands every device on with its model', async () => {
  const first = setUp();
  await first.keep(model)();
  await first.keep(device(7))();
  first.store.put({ kind: 'device', namespace: 'default', name: 'bad', uid: '', generation: 1, content: { spec: 3 } });
  const second = setUp(first.store);
  second.manager.start();
  assert.equal(
    second.applied.map(([applied, found]) => [applied.metadata.name, found?.metadata.name]),
    [['boiler', 'model']],
  );
  assert.equal(second.manager.held(), [
    { kind: 'devicemodel', namespace: 'default', name: 'model', uid: 'm1', generation: 1 },
    { kind: 'device', namespace: 'default', name: 'boiler', uid: 'u1', generation: 7 },
  ]);
});

test('refuses what is no Device, changes nothing for it, and takes what came with it', () => {
  const { store, manager } = setUp();
  const [bad, good] = manager.store([{ ...device(), content: { metadata: { name: 'boiler' }, spec: 'x' } }, model]);
  assert.match(bad && 'error' in bad ? String(bad.error) : '', 'Cannot read Device');
  assert.ok(good && 'settle' in good);
  assert.equal([...store.objects.keys()], ['devicemodel/default/model']);
});

test('claims to hold nothing that the disk did not take', () => {
  const store = memoryStore();
  const { manager, keep } = setUp({
    ...store,
    together: (work) => {
      const before = new Map(store.objects);
      const result = work();
      if (store.objects.get('device/default/boiler')?.generation !== 2) return result;
      store.objects.clear();
      for (const [key, object] of before) store.objects.set(key, object);
      throw new Error('disk full');
    },
  });
  keep(device(1));
  assert.throws(() => manager.store([model, device(2)]), /disk full/);
  assert.equal(
    manager.held().map(({ kind, name, generation }) => `${kind} ${name} ${generation}`),
    ['device boiler 1'],
  );
});

test.run();
