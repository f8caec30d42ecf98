import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seconds } from '@selvedge/base/duration';
import { FieldError } from '@selvedge/base/errors';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { diskFullError, openDatabase } from './database.ts';
import { Store } from './store.ts';

const test = suite<{ dir: string }>('store');

test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'selvedge-store-'));
});
test.after.each((context) => {
  rmSync(context.dir, { recursive: true, force: true });
});

const device = {
  kind: 'device',
  namespace: 'default',
  name: 'boiler',
  uid: 'u1',
  generation: 3,
  content: { a: 1 },
} as const;

test('gives objects back after a restart, models first', ({ dir }) => {
  const path = join(dir, 'gateway', 'gateway.db');
  const first = new Store({ path, clock: new VirtualClock() });
  first.objects.put(device);
  first.objects.put({ ...device, kind: 'devicemodel', name: 'model' });
  first.stop();
  const second = new Store({ path, clock: new VirtualClock() });
  assert.equal(
    second.objects.list().map((object) => object.kind),
    ['devicemodel', 'device'],
  );
  assert.equal(second.objects.get('device', 'default', 'boiler'), device);
  second.objects.remove('device', 'default', 'boiler');
  assert.is(second.objects.get('device', 'default', 'boiler'), undefined);
  second.stop();
});

test('writes live values at most every two seconds, and those left over when it stops', async ({ dir }) => {
  const path = join(dir, 'gateway.db');
  const clock = new VirtualClock();
  const store = new Store({ path, clock });
  let value = 1;
  store.twins.save(new Map([['default/boiler', { desired: 65 }]]));
  store.twins.touch('default/boiler', () => ({ value }));
  assert.is(store.twins.load()[0]?.live, undefined);
  value = 2;
  await clock.advance(seconds(2));
  assert.equal(store.twins.load()[0]?.live, { value: 2 });
  value = 3;
  store.twins.touch('default/boiler', () => ({ value }));
  store.stop();
  const again = new Store({ path, clock });
  assert.equal(again.twins.load(), [{ device: 'default/boiler', state: { desired: 65 }, live: { value: 3 } }]);
  again.twins.remove('default/boiler');
  assert.equal(again.twins.load(), []);
  again.stop();
});

test('refuses a file that a newer program wrote, and leaves it as it is', ({ dir }) => {
  const path = join(dir, 'gateway.db');
  const database = openDatabase(path);
  database.pragma('user_version = 99');
  database.close();
  for (const _ of [1, 2]) {
    assert.throws(
      () => openDatabase(path),
      (error: unknown) => error instanceof FieldError && error.code === 'StoreTooNew' && error.message.includes('99'),
    );
  }
});

test('refuses a file that another gateway has open, and one that is no database', ({ dir }) => {
  const path = join(dir, 'gateway.db');
  const store = new Store({ path, clock: new VirtualClock() });
  assert.throws(
    () => openDatabase(path),
    (error: unknown) => error instanceof FieldError && error.code === 'StoreInUse',
  );
  store.stop();
  assert.throws(
    () => openDatabase(dir),
    (error: unknown) => error instanceof FieldError && error.code === 'StoreUnusable',
  );
});

test('only its owner may read the file and those beside it, also one that was readable by all', ({ dir }) => {
  const path = join(dir, 'gateway.db');
  const modes = () => ['', '-wal'].map((suffix) => statSync(path + suffix).mode & 0o777);
  const database = openDatabase(path);
  assert.equal(modes(), [0o600, 0o600]);
  database.close();
  chmodSync(path, 0o644);
  const again = openDatabase(path);
  assert.equal(modes(), [0o600, 0o600]);
  again.close();
});

test('a full disk is no bug and no matter of rights: it passes when there is space', ({ dir }) => {
  const path = join(dir, 'gateway.db');
  const database = openDatabase(path);
  database.pragma(`max_page_count = ${String(database.pragma('page_count', { simple: true }))}`);
  let thrown: unknown;
  try {
    database.prepare('INSERT INTO twins VALUES (?, ?)').run('boiler', 'x'.repeat(100_000));
  } catch (error) {
    thrown = error;
  }
  database.close();
  const error = diskFullError(thrown, path);
  assert.is(error?.kind, 'transient');
  assert.is(error?.code, 'DiskFull');
  assert.match(error?.message ?? '', `Cannot write "${path}": the disk is full; free some space on it`);
  assert.is(diskFullError(new Error('another'), path), undefined);
});

test.run();
