import { setImmediate as turn } from 'node:timers/promises';
import { createLogger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../json.ts';
import { deleteObject, type Propagation } from '../objects/deletion.ts';
import { finalizersOf, metadataOf } from '../objects/metadata.ts';
import { Objects } from '../objects/objects.ts';
import { seed, serverContext } from '../objects/seed.ts';
import type { Target } from '../objects/target.ts';
import { Registry } from '../resources/registry.ts';
import { Store } from '../store/store.ts';
import { runControllers } from './controller.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { NamespaceController } from './namespaces.ts';
import { ServiceAccountController } from './service-accounts.ts';

interface Context {
  objects: Objects;
  stop: () => Promise<void>;
}

const test = suite<Context>('controllers of the API server');

test.before.each((context) => {
  const clock = new VirtualClock();
  const store = new Store({ file: ':memory:', clock });
  context.objects = new Objects({ store, registry: new Registry(), clock, random: seededRandom(1), admission: [] });
  seed(context.objects);
  context.stop = start(context.objects);
});
test.after.each(async ({ objects, stop }) => {
  await stop();
  objects.store.close();
});

function start(objects: Objects): () => Promise<void> {
  const clock = new VirtualClock();
  const log = createLogger({ name: 'test', level: 'error' });
  const controllers = [
    new GarbageCollector(objects),
    new NamespaceController(objects),
    new ServiceAccountController(objects),
  ];
  return runControllers(controllers, { store: objects.store, clock, log });
}

/** Lets the controllers work until nothing has changed for a while. */
async function settle(objects: Objects): Promise<void> {
  let quiet = 0;
  for (let revision = -1; quiet < 10; revision = objects.store.revision) {
    await turn();
    await objects.store.settled();
    quiet = revision === objects.store.revision ? quiet + 1 : 0;
  }
}

const target = (objects: Objects, plural: string, namespace: string, name: string): Target => ({
  resource: objects.registry.require('', 'v1', plural),
  namespace,
  name,
  subresource: '',
});

function make(objects: Objects, name: string, owners: readonly JsonObject[] = [], namespace = 'default'): JsonObject {
  const { resource } = target(objects, 'configmaps', namespace, name);
  const object = {
    metadata: { name, ...(owners.length > 0 ? { ownerReferences: owners.map((owner) => reference(owner)) } : {}) },
  };
  return objects.create(resource, namespace, object, serverContext());
}

function reference(owner: JsonObject): JsonObject {
  const { name, uid } = metadataOf(owner);
  return { apiVersion: 'v1', kind: 'ConfigMap', name: name ?? '', uid: uid ?? '', blockOwnerDeletion: true };
}

const names = (objects: Objects, namespace = 'default'): string[] =>
  objects.store.list('/configmaps', namespace).map(({ name }) => name);

function remove(objects: Objects, name: string, propagation: Propagation): void {
  deleteObject(objects, target(objects, 'configmaps', 'default', name), { propagation }, serverContext());
}

test('what has lost its owner goes, and what that owned', async ({ objects }) => {
  const owner = make(objects, 'owner');
  make(objects, 'grandchild', [make(objects, 'child', [owner])]);
  make(objects, 'stranger');
  remove(objects, 'owner', 'Background');
  await settle(objects);
  assert.equal(names(objects), ['stranger']);
});

test('what has another owner left stays, and forgets the one that is gone', async ({ objects }) => {
  const [first, second] = [make(objects, 'first'), make(objects, 'second')];
  make(objects, 'child', [first, second]);
  remove(objects, 'first', 'Background');
  await settle(objects);
  const child = objects.get(target(objects, 'configmaps', 'default', 'child'));
  assert.equal(metadataOf(child).ownerReferences, [reference(second)]);
});

test('orphans stay, owned by nobody', async ({ objects }) => {
  make(objects, 'child', [make(objects, 'owner')]);
  remove(objects, 'owner', 'Orphan');
  await settle(objects);
  assert.equal(names(objects), ['child']);
  const child = objects.get(target(objects, 'configmaps', 'default', 'child'));
  assert.is(metadataOf(child).ownerReferences, undefined);
});

test('in the foreground the owner goes last, and waits for a child that something holds', async ({ objects }) => {
  const child = make(objects, 'child', [make(objects, 'owner')]);
  const held = target(objects, 'configmaps', 'default', 'child');
  const hold = (finalizers: string[]) =>
    objects.update(held, (before) => ({ ...before, metadata: { ...metadataOf(before), finalizers } }), serverContext());
  assert.is(metadataOf(child).name, 'child');
  hold(['example.com/hold']);
  remove(objects, 'owner', 'Foreground');
  await settle(objects);
  assert.equal(names(objects), ['child', 'owner']);
  const owner = objects.get(target(objects, 'configmaps', 'default', 'owner'));
  assert.equal(finalizersOf(owner), ['foregroundDeletion']);
  hold([]);
  await settle(objects);
  assert.equal(names(objects), []);
});

test('an owner that never was is as good as gone; one of a kind that nobody serves is not', async ({ objects }) => {
  const gone = { metadata: { name: 'nobody', uid: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee' } };
  make(objects, 'lost', [gone]);
  const { resource } = target(objects, 'configmaps', 'default', 'kept');
  const ownerReferences = [{ ...reference(gone), apiVersion: 'plant.example.com/v1', kind: 'Pump' }];
  objects.create(resource, 'default', { metadata: { name: 'kept', ownerReferences } }, serverContext());
  await settle(objects);
  assert.equal(names(objects), ['kept']);
});

test('a new process takes up what the one before left undone', async (context) => {
  const { objects } = context;
  make(objects, 'child', [make(objects, 'owner')]);
  await settle(objects);
  await context.stop();
  remove(objects, 'owner', 'Background');
  await objects.store.settled();
  assert.equal(names(objects), ['child']);
  context.stop = start(objects);
  await settle(objects);
  assert.equal(names(objects), []);
});

test('a namespace that is deleted empties itself, many objects and all', async ({ objects }) => {
  const namespaces = objects.registry.require('', 'v1', 'namespaces');
  objects.create(namespaces, '', { metadata: { name: 'plant' } }, serverContext());
  for (let at = 0; at < 250; at += 1) make(objects, `map-${at}`, [], 'plant');
  deleteObject(objects, target(objects, 'namespaces', '', 'plant'), {}, serverContext());
  await settle(objects);
  assert.equal(names(objects, 'plant'), []);
  assert.is(objects.find(namespaces, '', 'plant'), undefined);
});

test('a namespace that cannot end yet says why, and ends when it can', async ({ objects }) => {
  const namespaces = objects.registry.require('', 'v1', 'namespaces');
  objects.create(namespaces, '', { metadata: { name: 'plant' } }, serverContext());
  const held = target(objects, 'configmaps', 'plant', 'held');
  const metadata = { name: 'held', finalizers: ['example.com/hold'] };
  objects.create(held.resource, 'plant', { metadata }, serverContext());
  deleteObject(objects, target(objects, 'namespaces', '', 'plant'), {}, serverContext());
  await settle(objects);
  const { conditions } = objects.get(target(objects, 'namespaces', '', 'plant')).status as { conditions: JsonObject[] };
  assert.equal(
    conditions.filter(({ status }) => status === 'True').map(({ message }) => message),
    [
      'Some resources are remaining: configmaps. has 1 resource instances',
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ],
  );
  const release = (before: JsonObject) => ({ ...before, metadata: { ...metadataOf(before), finalizers: [] } });
  objects.update(held, release, serverContext());
  await settle(objects);
  assert.is(objects.find(namespaces, '', 'plant'), undefined);
});

test('every namespace has a default account, also after somebody deleted it', async ({ objects }) => {
  await settle(objects);
  const account = target(objects, 'serviceaccounts', 'kube-system', 'default');
  const { uid } = metadataOf(objects.get(account));
  deleteObject(objects, account, {}, serverContext());
  await settle(objects);
  assert.is.not(metadataOf(objects.get(account)).uid, uid);
});

test.run();
