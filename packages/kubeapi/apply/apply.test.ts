import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalJson, type Json, type JsonObject } from '../json.ts';
import { customSchema } from '../openapi/custom.ts';
import type { Schema } from '../openapi/schema.ts';
import { type Apply, applyPatch } from './apply.ts';
import { compareObjects } from './compare.ts';
import { fieldsOf } from './fields-of.ts';
import { type Managers, maxUpdaters, readManagers, withoutManagers } from './managers.ts';
import { withoutIdentity } from './ownership.ts';
import { trackUpdate } from './track.ts';
import { rootType } from './typed.ts';

const test = suite('server-side apply');

const item: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    value: { type: 'string' },
    more: { type: 'object', additionalProperties: { type: 'string' } },
  },
};
const schema = customSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        text: { type: 'string' },
        map: { type: 'object', additionalProperties: { type: 'string' } },
        whole: { type: 'object', additionalProperties: { type: 'string' }, 'x-kubernetes-map-type': 'atomic' },
        list: { type: 'array', items: { type: 'string' } },
        set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        items: { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
});
const type = rootType(schema);

const word = fc.constantFrom('1', '2');
const names = fc.constantFrom('a', 'b', 'c');
const words = fc.dictionary(names, word, { maxKeys: 3 });
const spec = fc
  .record(
    {
      text: word,
      map: words,
      whole: words,
      list: fc.array(word, { maxLength: 2 }),
      set: fc.uniqueArray(names),
      items: fc.uniqueArray(fc.record({ name: names, value: word, more: words }, { requiredKeys: ['name'] }), {
        selector: ({ name }) => name,
      }),
      free: fc.dictionary(names, fc.oneof(word, words, fc.array(word, { maxLength: 2 })), { maxKeys: 2 }),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const object = spec.map(
  (value): JsonObject => ({ apiVersion: 'x.io/v1', kind: 'X', metadata: { name: 'x' }, spec: value }),
);

const base = { schema, apiVersion: 'x.io/v1', subresource: '', time: '2026-01-01T00:00:00Z', force: false };
const applying = (live: Json | undefined, applied: Json, manager: string, more: Partial<Apply> = {}) =>
  applyPatch({ ...base, live, applied, manager, ...more });

/** Any history of applies and updates by three managers, ended by the state it leaves. */
const step = fc.record({
  manager: fc.constantFrom('one', 'two', 'three'),
  verb: fc.constantFrom('apply', 'force', 'update'),
  object,
});
const history = fc.array(step, { maxLength: 5 }).map((steps) =>
  steps.reduce<Json | undefined>((live, { manager, verb, object: next }) => {
    if (verb === 'update') return trackUpdate({ ...base, before: live, after: next, manager });
    const outcome = applying(live, next, manager, { force: verb === 'force' });
    return 'object' in outcome ? outcome.object : live;
  }, undefined),
);

test('applying the same again changes nothing, times included', () => {
  fc.assert(
    fc.property(history, object, (live, applied) => {
      const first = applying(live, applied, 'one', { force: true });
      assert.ok('object' in first);
      const second = applying(first.object, applied, 'one', { time: '2027-01-01T00:00:00Z' });
      assert.ok('object' in second);
      assert.equal(second.object, first.object);
    }),
  );
});

test('what was applied is there and owned by who applied it', () => {
  fc.assert(
    fc.property(history, object, (live, applied) => {
      const outcome = applying(live, applied, 'one', { force: true });
      assert.ok('object' in outcome);
      const { removed, modified } = compareObjects(applied, withoutManagers(outcome.object as JsonObject), type);
      assert.is(removed.isEmpty && modified.isEmpty, true);
      const wanted = withoutIdentity(fieldsOf(applied, type));
      assert.is(wanted.difference(fieldsOwned(readManagers(outcome.object), 'one', 'Apply')).isEmpty, true);
    }),
  );
});

test('nobody loses a field that did not change', () => {
  fc.assert(
    fc.property(history, object, fc.boolean(), (live, next, isApply) => {
      const outcome = isApply
        ? applying(live, next, 'one', { force: true })
        : { object: trackUpdate({ ...base, before: live, after: next, manager: 'one' }) };
      assert.ok('object' in outcome);
      if (live === undefined) return;
      const before = withoutManagers(live as JsonObject);
      const { removed, modified, added } = compareObjects(before, withoutManagers(outcome.object as JsonObject), type);
      const altered = removed.union(modified).union(added);
      const after = readManagers(outcome.object);
      for (const [key, manager] of readManagers(live)) {
        const own = manager.name === 'one' && manager.operation === (isApply ? 'Apply' : 'Update');
        const lost = manager.fields.difference(after.get(key)?.fields ?? altered.difference(altered));
        if (!own) assert.is(lost.difference(altered).isEmpty, true);
      }
    }),
  );
});

test('an apply without force never changes a value that somebody else owns', () => {
  fc.assert(
    fc.property(history, object, (live, applied) => {
      const outcome = applying(live, applied, 'one');
      if (live === undefined || !('object' in outcome)) return;
      const before = withoutManagers(live as JsonObject);
      const { modified } = compareObjects(before, withoutManagers(outcome.object as JsonObject), type);
      for (const manager of readManagers(live).values()) {
        if (manager.name === 'one' && manager.operation === 'Apply') continue;
        assert.is(manager.fields.intersection(modified).isEmpty, true);
      }
    }),
  );
});

test('an update that changes nothing gives the object back', () => {
  fc.assert(
    fc.property(history, (live) => {
      fc.pre(live !== undefined);
      const again = trackUpdate({
        ...base,
        before: live,
        after: live ?? null,
        manager: 'four',
        time: '2027-01-01T00:00:00Z',
      });
      assert.is(equalJson(again, live), true);
    }),
  );
});

test('updaters are capped, and together they still own all fields', () => {
  let live: Json | undefined;
  const map: JsonObject = {};
  for (let index = 0; index < 30; index += 1) {
    map[`k${index}`] = '1';
    const after = { apiVersion: 'x.io/v1', kind: 'X', metadata: { name: 'x' }, spec: { map: { ...map } } };
    const time = `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`;
    live = trackUpdate({ ...base, before: live, after, manager: `m${index}`, time });
  }
  const managers = [...readManagers(live).values()];
  assert.is(managers.length, maxUpdaters);
  const owned = managers.flatMap(({ fields }) => fields.paths()).filter((path) => path.length === 3);
  assert.is(new Set(owned.map((path) => path.join())).size, 30);
});

test('an item goes with who applied it, and what another put into it goes along', () => {
  // The original leaves null where the list was and then fails to validate its own result.
  const spec = (items: Json) => ({
    apiVersion: 'x.io/v1',
    kind: 'X',
    metadata: { name: 'x' },
    spec: { text: 't', items },
  });
  const first = applying(undefined, spec([{ name: 'a', value: '1' }]), 'one');
  assert.ok('object' in first);
  const second = trackUpdate({
    ...base,
    before: first.object,
    after: spec([{ name: 'a', value: '1', more: { k: 'v' } }]),
    manager: 'two',
  });
  const third = applying(second, { ...spec([]), spec: { text: 't' } }, 'one');
  assert.ok('object' in third);
  assert.equal((third.object as JsonObject).spec, { text: 't' });
  assert.equal(
    [...readManagers(third.object).values()].map(({ name }) => name),
    ['one'],
  );
});

test('an empty map or list is applied where something was', () => {
  // The original answers that spec.map must be of type object, and drops the list at every second apply.
  const full = { apiVersion: 'x.io/v1', kind: 'X', metadata: { name: 'x' }, spec: { map: { a: '1' }, set: ['a'] } };
  const empty = { ...full, spec: { map: {}, set: [] } };
  const first = applying(undefined, full, 'one');
  assert.ok('object' in first);
  const second = applying(first.object, empty, 'one');
  assert.ok('object' in second);
  assert.equal((second.object as JsonObject).spec, { map: {}, set: [] });
});

function fieldsOwned(managers: Managers, name: string, operation: string) {
  const own = [...managers.values()].find((manager) => manager.name === name && manager.operation === operation);
  return own?.fields ?? fieldsOf({}, type);
}

test.run();
