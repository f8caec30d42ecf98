import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json } from '../json.ts';
import { schemaFor } from '../openapi/builtin.ts';
import { readCases, schemaOf } from '../testcases.ts';
import { strategicMergePatch } from './strategic.ts';

const test = suite('strategic merge patch, as a real API server does it');

const cases = readCases('./patch/testcases/strategic.json');
const schema = schemaOf(cases, cases.kind);
for (const { description, steps } of cases.cases) {
  test(description, () => {
    const [created, patched] = steps;
    assert.ok(created?.answer && 'object' in created.answer);
    assert.ok(patched?.answer);
    const before = created.answer.object;
    if ('object' in patched.answer) {
      const after = strategicMergePatch(before, patched.body, schema);
      assert.equal(withoutEmpty(after), patched.answer.object);
    } else {
      assert.is(
        failure(before, patched.body),
        String(patched.answer.message).replace(' struct ObjectMeta ', ' struct '),
      );
    }
  });
}

function failure(before: Json, patch: Json): string {
  try {
    strategicMergePatch(before, patch, schema);
  } catch (error) {
    if (error instanceof FieldError) return error.message;
    throw error;
  }
  return 'no failure';
}

/** Empty lists and objects vanish from most fields when the server writes its typed form. */
function withoutEmpty(after: Json): Json {
  return JSON.parse(JSON.stringify(after), (key, value) =>
    ['labels', 'finalizers', 'nodeSelector', 'initContainers'].includes(key) && Object.keys(value).length === 0
      ? undefined
      : value,
  ) as Json;
}

test('the target and the patch are left as they were, and an own result patched again stays the same', () => {
  const pod = schemaFor({ group: '', version: 'v1', kind: 'Pod' }) ?? {};
  const scalar = fc.constantFrom('1', '2', '3');
  const container = fc.record({ name: fc.constantFrom('a', 'b', 'c'), image: scalar }, { requiredKeys: ['name'] });
  const arbitrary = fc.record(
    {
      metadata: fc.record(
        { labels: fc.dictionary(fc.constantFrom('x', 'y'), scalar), finalizers: fc.uniqueArray(scalar) },
        { requiredKeys: [] },
      ),
      spec: fc.record({ containers: fc.uniqueArray(container, { selector: ({ name }) => name }), nodeName: scalar }),
    },
    { requiredKeys: [] },
  );
  const plain = arbitrary.map((value) => JSON.parse(JSON.stringify(value)) as Json);
  fc.assert(
    fc.property(plain, plain, (target, patch) => {
      const copies = JSON.stringify([target, patch]);
      const once = strategicMergePatch(target, patch, pod);
      assert.is(JSON.stringify([target, patch]), copies);
      assert.equal(strategicMergePatch(once, patch, pod), once);
    }),
  );
});

test.run();
