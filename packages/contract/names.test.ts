import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hwTopics, parseHwTopic } from './hw-topics.ts';
import { buildResource, parseResource } from './link-message.ts';
import { deviceKey, isNamespaceName, isObjectName, isPropertyName, parseDeviceKey } from './names.ts';
import { buildTopic, parseTopic } from './topics.ts';

const test = suite('names');

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const objectName = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const device = fc.record({ namespace: label, name: objectName }).map((one) => ({ ...one }));

test("Kubernetes' names are taken, and others not", () => {
  fc.assert(
    fc.property(label, objectName, (namespace, name) => {
      assert.ok(isNamespaceName(namespace) && isObjectName(namespace) && isObjectName(name));
      for (const wrong of [
        `-${name}`,
        `${name}-`,
        `${name}.`,
        `.${name}`,
        name.toUpperCase().replace(/^/, 'A'),
        `${name}/x`,
      ]) {
        assert.not.ok(isObjectName(wrong), wrong);
        assert.not.ok(isNamespaceName(wrong), wrong);
      }
    }),
  );
  assert.ok(isNamespaceName('n'.repeat(63)) && isObjectName('n'.repeat(253)));
  assert.not.ok(isNamespaceName('n'.repeat(64)));
  assert.not.ok(isObjectName('n'.repeat(254)));
});

test('a device of any good name keeps it through every string that carries it', () => {
  fc.assert(
    fc.property(device, (ref) => {
      assert.equal(parseDeviceKey(deviceKey(ref)), ref);
      assert.equal(parseTopic(buildTopic('samples', ref)), { name: 'samples', parameters: ref });
      assert.equal(parseResource(buildResource({ type: 'twinReport', device: ref })), {
        type: 'twinReport',
        device: ref,
      });
      const update = hwTopics.twinUpdateResult(ref).replace(/\/result$/, '');
      assert.equal(parseHwTopic(update), { type: 'twinUpdate', device: ref });
    }),
  );
});

test('any text is a device key or refused with an error of ours', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(fc.string(), fc.string()).map((parts) => parts.join('/')),
      ),
      (text) => {
        try {
          assert.is(deviceKey(parseDeviceKey(text)), text);
        } catch (error) {
          assert.instance(error, FieldError);
        }
      },
    ),
  );
});

test('a property can be a key of any record: what every object inherits is no name', () => {
  for (const name of ['setpoint', 'a', 'AI-1.value', 'line/2:temp@3,#', 'x'.repeat(128)])
    assert.ok(isPropertyName(name));
  for (const name of ['', 'a b', 'ü', 'x'.repeat(129), ...Object.getOwnPropertyNames(Object.prototype)]) {
    assert.not.ok(isPropertyName(name), name);
  }
});

test.run();
