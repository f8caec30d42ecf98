import { FieldError } from '@selvedge/base/errors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from '../openapi/schema.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMergePatch } from '../patch/strategic.ts';
import { groupVersion, type Kind, readCases, type Step, schemaOf, stepTime } from '../testcases.ts';
import { type Apply, applyPatch } from './apply.ts';
import { conflictCauses, conflictMessage } from './conflicts.ts';
import { managedFieldsOf, withoutManagers } from './managers.ts';
import { fieldsOutOfReach } from './ownership.ts';
import { trackUpdate } from './track.ts';

const test = suite('field ownership, as a real API server records it');

for (const file of ['config-map', 'custom', 'pod-template', 'built-in']) {
  const cases = readCases(`./apply/testcases/${file}.json`);
  for (const { description, kind = cases.kind, steps } of cases.cases) {
    const schema = schemaOf(cases, kind);
    test(`${file}: ${description}`, () => {
      let live: JsonObject | undefined;
      steps.forEach((step, index) => {
        const { answer } = step;
        assert.ok(answer, 'not recorded');
        replay(step, index, { live, kind, custom: cases.crd !== undefined, schema });
        if ('object' in answer) live = answer.object;
      });
    });
  }
}

interface Setting {
  readonly live: JsonObject | undefined;
  readonly kind: Kind;
  readonly custom: boolean;
  readonly schema: Schema;
}

function replay(step: Step, index: number, { live, kind, custom, schema }: Setting): void {
  const { answer } = step;
  const subresource = step.subresource ?? '';
  const common = {
    manager: step.manager,
    time: stepTime(index),
    schema,
    apiVersion: groupVersion(kind),
    subresource,
    ignored: fieldsOutOfReach(subresource, { custom, hasStatus: schema.properties?.status !== undefined }),
  };
  if (step.verb === 'apply') {
    const outcome = attempt({ ...common, live, applied: step.body, force: step.force === true });
    if (answer !== undefined && 'object' in answer) {
      assert.ok('object' in outcome, 'message' in outcome ? String(outcome.message) : '');
      const { object } = outcome;
      assert.equal(managedFieldsOf(object), managedFieldsOf(answer.object), `managers at step ${index}`);
      if (kind.group !== '' || kind.kind === 'ConfigMap') {
        assert.equal(tidy(object, subresource), tidy(answer.object, subresource));
      }
    } else {
      const { message, causes } = answer ?? {};
      assert.equal('message' in outcome ? inOrder(outcome.message) : 'applied', inOrder(message));
      if ('causes' in outcome) assert.equal(byField(outcome.causes), byField(causes));
    }
  } else if (answer !== undefined && 'object' in answer) {
    const sent = sentManagers(step, live, schema);
    const bare = withoutManagers(answer.object);
    const after = sent === undefined ? bare : withSent(bare, sent);
    const tracked = trackUpdate({ ...common, before: live, after });
    assert.equal(managedFieldsOf(tracked), managedFieldsOf(answer.object), `managers at step ${index}`);
  }
}

function attempt(request: Apply): { object: JsonObject } | { message: string; causes?: Json } {
  try {
    const outcome = applyPatch(request);
    if ('object' in outcome) return { object: outcome.object as JsonObject };
    return { message: conflictMessage(outcome.conflicts), causes: conflictCauses(outcome.conflicts) };
  } catch (error) {
    if (error instanceof FieldError) return { message: error.message };
    throw error;
  }
}

function sentManagers(step: Step, live: JsonObject | undefined, schema: Schema): Json | undefined {
  if (step.verb === 'create' || step.verb === 'update') return managedFieldsOf(step.body);
  if (step.verb === 'json') return managedFieldsOf(jsonPatch(live ?? {}, step.body));
  if (step.verb === 'merge') return managedFieldsOf(mergePatch(live ?? {}, step.body));
  return managedFieldsOf(strategicMergePatch(live ?? {}, step.body, schema));
}

function withSent(object: JsonObject, managedFields: Json): JsonObject {
  return { ...object, metadata: { ...(object.metadata as JsonObject), managedFields } };
}

const byField = (causes: Json | undefined) =>
  Array.isArray(causes) ? causes.map((cause) => JSON.stringify(cause)).sort() : causes;

/** The original walks maps in no order, and so are its messages of several lines. */
const inOrder = (message: Json | undefined) => String(message).split('\n').sort();

/** Without managers, and without what the server fills in or leaves out by itself: defaults, empty maps, the namespace. */
function tidy(object: JsonObject, subresource: string): Json {
  const { namespace: _namespace, ...metadata } = withoutManagers(object).metadata as JsonObject;
  return JSON.parse(JSON.stringify({ ...object, metadata }), (key, value) => {
    if (key === 'protocol' && value === 'TCP') return undefined;
    // Kept apart by the server, which writes it through its subresource only.
    if (key === 'status' && subresource === '') return undefined;
    if (['data', 'status', 'labels'].includes(key) && Object.keys(value ?? {}).length === 0) return undefined;
    return value;
  }) as Json;
}

test.run();
