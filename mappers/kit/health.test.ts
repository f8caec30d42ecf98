import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type HealthFacts, judgeHealth } from './health.ts';

const test = suite('health of a device');
const well: HealthFacts = { invalidPoints: [], answered: true };

test('the one reason that matters most is told: what keeps all from working before what keeps a part of it', () => {
  const facts: HealthFacts = {
    invalid: 'unit: 300',
    conflict: 'older device',
    lineDown: 'no cable',
    unreachable: 'silent',
    invalidPoints: ['p: typo', 'q: typo'],
    answered: false,
  };
  const order: [keyof HealthFacts, string, string][] = [
    ['invalid', 'InvalidConfig', 'unit: 300'],
    ['conflict', 'LineConflict', 'older device'],
    ['lineDown', 'LineDown', 'no cable'],
    ['unreachable', 'DeviceUnreachable', 'silent'],
    ['invalidPoints', 'InvalidConfig', 'p: typo; q: typo'],
    ['answered', 'Pending', 'waiting for the first answer of the device'],
  ];
  let rest: Record<string, unknown> = { ...facts };
  for (const [fact, reason, message] of order) {
    assert.equal(judgeHealth(rest as unknown as HealthFacts), { reason, message });
    const { [fact]: _mended, ...others } = rest;
    rest = { invalidPoints: [], answered: true, ...others };
    if (fact === 'invalidPoints') rest.invalidPoints = [];
  }
  assert.is(judgeHealth(well).reason, 'Ready');
});

test('a message is never longer than its topic allows', () => {
  const { message } = judgeHealth({
    ...well,
    invalidPoints: Array.from({ length: 200 }, (_, n) => `property "p${n}": typo`),
  });
  assert.is(message.length, 1_024);
  assert.ok(message.endsWith('...'));
});

test.run();
