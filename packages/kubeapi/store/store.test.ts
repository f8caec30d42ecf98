import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '@selvedge/base/sqlite';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Key, Store, type StoreOptions } from './store.ts';

interface Bench {
  readonly store: Store;
  readonly file: string;
  /** Ends the turn: what waits for it is done. */
  readonly endTurn: () => void;
}

const test = suite<{ directory: string }>('store of the API server');

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'selvedge-store-'));
});
test.after.each(({ directory }) => rmSync(directory, { recursive: true, force: true }));

const keyOf = (name: string): Key => ({ resource: 'test/things', namespace: 'default', name });
const thing = (name: string, value: number) => ({ metadata: { name, uid: `uid-${name}` }, value });
const numberIn = (stored: { body: string } | undefined) =>
  stored && (JSON.parse(stored.body) as { value: number }).value;

function open(directory: string, options: Partial<StoreOptions> = {}): Bench {
  const deferred: (() => void)[] = [];
  const file = join(directory, 'store.sqlite');
  const store = new Store({ file, clock: new VirtualClock(), defer: (work) => deferred.push(work), ...options });
  const endTurn = () => {
    for (const work of deferred.splice(0)) work();
  };
  return { store, file, endTurn };
}

/** What somebody else finds in the file: that, and nothing else, survives a kill -9. */
function onDisk(file: string, table: 'objects' | 'events' = 'objects'): string[] {
  const reader = openSqlite(file, { readonly: true });
  try {
    return (reader.prepare(`SELECT name FROM ${table} ORDER BY name`).all() as { name: string }[]).map(
      ({ name }) => name,
    );
  } finally {
    reader.close();
  }
}

test('writes of one turn are seen at once and reach the disk together when it ends', async ({ directory }) => {
  const { store, file, endTurn } = open(directory);
  store.put(keyOf('a'), thing('a', 1));
  store.put(keyOf('b'), thing('b', 2));
  assert.is(numberIn(store.get(keyOf('a'))), 1);
  assert.equal(onDisk(file), []);
  let settled = false;
  const waiting = store.settled().then(() => {
    settled = true;
  });
  await Promise.resolve();
  assert.not(settled);
  endTurn();
  await waiting;
  assert.equal(onDisk(file), ['a', 'b']);
  assert.equal(onDisk(file, 'events'), ['a', 'b']);
  store.close();
});

test('listeners are told after the commit, in order, also of what a listener writes', ({ directory }) => {
  const { store, file, endTurn } = open(directory);
  const told: string[] = [];
  store.subscribe((change) => {
    assert.ok(onDisk(file).includes(change.name));
    told.push(`${change.type} ${change.name} ${change.revision}`);
    if (change.name !== 'a') return;
    store.put(keyOf('c'), thing('c', 3));
    store.flush();
  });
  store.put(keyOf('a'), thing('a', 1));
  store.put(keyOf('b'), thing('b', 2));
  assert.equal(told, []);
  endTurn();
  assert.equal(told, ['ADDED a 1', 'ADDED b 2', 'ADDED c 3']);
  store.close();
});

test('a turn with very many writes is committed in parts', ({ directory }) => {
  const { store, file } = open(directory);
  for (let index = 0; index < 100; index++) store.put(keyOf(`thing-${index}`), thing(`thing-${index}`, index));
  assert.is(onDisk(file).length, 64);
  store.close();
  assert.is(onDisk(file).length, 100);
});

test('a turn that finds the file full is undone as a whole, and a smaller one still fits', async ({ directory }) => {
  const { store, file, endTurn } = open(directory, { maxBytes: 200_000 });
  const told: string[] = [];
  store.subscribe(({ name, revision }) => told.push(`${name} ${revision}`));
  store.put(keyOf('small'), thing('small', 1));
  const asked = store.settled().then(
    () => 'stored',
    (error: Error) => error.message,
  );
  assert.throws(() => store.put(keyOf('large'), { ...thing('large', 2), text: 'x'.repeat(200_000) }), /full/);
  assert.match(await asked, /Cannot store/);
  assert.is(store.get(keyOf('small')), undefined);
  assert.is(store.revision, 0);
  endTurn();
  store.put(keyOf('late'), thing('late', 3));
  endTurn();
  await store.settled();
  assert.equal(onDisk(file), ['late']);
  assert.equal(told, ['late 1']);
  store.close();
});

test('a store that is opened again goes on with the next revision', ({ directory }) => {
  const first = open(directory);
  first.store.put(keyOf('a'), thing('a', 1));
  first.store.remove(keyOf('a'), thing('a', 1));
  first.store.close();
  const second = open(directory);
  assert.is(second.store.revision, 2);
  assert.is(second.store.put(keyOf('b'), thing('b', 1)).revision, 3);
  second.store.close();
});

test('old events go when there are too many, and the newest stays', ({ directory }) => {
  const { store, endTurn } = open(directory, { maxEvents: 50 });
  for (let index = 1; index <= 400; index++) {
    store.put(keyOf('a'), thing('a', index));
    endTurn();
  }
  assert.ok(store.oldest >= 400 - 50 - 100, `oldest is ${store.oldest}`);
  assert.is(store.changesAfter(store.oldest, 'test/things').at(-1)?.revision, 400);
  assert.is(store.changesAfter(store.oldest, 'test/things').length, 400 - store.oldest);
  store.close();
});

test('any past state that is still known is rebuilt as it was', ({ directory }) => {
  const write = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), remove: fc.boolean(), ends: fc.boolean() });
  let run = 0;
  fc.assert(
    fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
      run += 1;
      const { store, endTurn } = open(join(directory, String(run)));
      const past: Map<string, number>[] = [new Map()];
      for (const [index, { name, remove, ends }] of writes.entries()) {
        const now = new Map(past.at(-1));
        if (remove && !now.has(name)) continue;
        if (remove) {
          store.remove(keyOf(name), thing(name, index));
          now.delete(name);
        } else {
          store.put(keyOf(name), thing(name, index));
          now.set(name, index);
        }
        past.push(now);
        if (ends) endTurn();
      }
      for (const [revision, expected] of past.entries()) {
        const found = store.listAt(revision, 'test/things').map((stored) => [stored.name, numberIn(stored)]);
        assert.equal(found, [...expected].sort());
      }
      store.close();
    }),
    { numRuns: 50 },
  );
});

test.run();
