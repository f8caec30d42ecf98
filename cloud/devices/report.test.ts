import type { DeviceStatus } from '@selvedge/contract/device';
import type { MsgTwin, TwinReport } from '@selvedge/contract/link-report';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { foldState, foldTwin, keepTwins } from './report.ts';

const test = suite('report folding');

const report = (twin: Record<string, MsgTwin>, generation?: number): TwinReport => ({
  timestamp: 0,
  twin,
  ...(generation === undefined ? {} : { observed_generation: generation }),
});

test('takes up values, quality, what the gateway has seen desired and what became of a write', () => {
  const revision = { uid: 'u', generation: 3, local: 0 };
  const after = foldTwin(
    {},
    report(
      {
        setpoint: {
          expected: { value: '65', metadata: { timestamp: 5 } },
          actual: { value: '64', metadata: { timestamp: 7.4, quality: 'uncertain', quality_reason: 'slow' } },
          metadata: { type: 'FLOAT' },
          last_write: {
            revision,
            value: '65',
            origin: 'spec',
            phase: 'Rejected',
            code: 'X',
            reason: 'no',
            at: 0,
            attempts: 2,
          },
        },
      },
      3,
    ),
  );
  assert.equal(after, {
    observedGeneration: 3,
    twins: [
      {
        propertyName: 'setpoint',
        observedDesired: { value: '65', metadata: { timestamp: '5', type: 'FLOAT' } },
        reported: {
          value: '64',
          metadata: { timestamp: '7', type: 'FLOAT' },
          quality: 'uncertain',
          qualityReason: 'slow',
        },
        lastWrite: {
          uid: 'u',
          generation: 3,
          value: '65',
          origin: 'spec',
          phase: 'Rejected',
          code: 'X',
          reason: 'no',
          at: '1970-01-01T00:00:00.000Z',
          attempts: 2,
        },
      },
    ],
  });
});

test('a report without a value keeps the last one with its time, and changes its quality', () => {
  const before = foldTwin({}, report({ t: { actual: { value: '20', metadata: { timestamp: 1, quality: 'good' } } } }));
  const after = foldTwin(
    before,
    report({ t: { actual: { metadata: { timestamp: 9, quality: 'bad', quality_reason: 'cut' } } } }),
  );
  assert.equal(after.twins?.[0]?.reported, {
    value: '20',
    metadata: { timestamp: '1' },
    quality: 'bad',
    qualityReason: 'cut',
  });
});

test('of a property that was never read it says since when and why, without a value', () => {
  const metadata = { timestamp: 9, quality: 'bad' as const, quality_reason: 'nothing at this address' };
  const after = foldTwin({}, report({ t: { actual: { value: '', metadata } } }));
  assert.equal(after.twins?.[0]?.reported, {
    metadata: { timestamp: '9' },
    quality: 'bad',
    qualityReason: 'nothing at this address',
  });
  const read = { value: '', metadata: { timestamp: 10, quality: 'good' as const } };
  assert.is(foldTwin(after, report({ t: { actual: read } })).twins?.[0]?.reported?.value, '', 'an empty text was read');
});

test('the generation seen only ever goes up', () => {
  assert.is(foldTwin({ observedGeneration: 5 }, report({}, 4)).observedGeneration, 5);
  assert.is(foldTwin({ observedGeneration: 5 }, report({}, 6)).observedGeneration, 6);
});

test('states of KubeEdge’s mappers become ours', () => {
  const stateOf = (state: string) => foldState({}, { timestamp: 0, device: { state } }).state;
  assert.equal(['online', 'ok', 'OFFLINE', 'unhealthy', 'unknown', 'what'].map(stateOf), [
    'online',
    'online',
    'offline',
    'offline',
    'unknown',
    'unknown',
  ]);
});

test('twins keep the order of the spec, and leave with their property', () => {
  const status: DeviceStatus = { twins: [{ propertyName: 'gone' }, { propertyName: 'b' }, { propertyName: 'a' }] };
  const kept = keepTwins({ properties: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }, status);
  assert.equal(
    kept.twins?.map((twin) => twin.propertyName),
    ['a', 'b'],
  );
});

const value = fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined });
const twin = fc.record({ expected: value, actual: value, timestamp: fc.integer({ min: 0, max: 1e12 }) }).map(
  ({ expected, actual, timestamp }): MsgTwin => ({
    ...(expected === undefined ? {} : { expected: { value: expected } }),
    ...(actual === undefined ? {} : { actual: { value: actual, metadata: { timestamp } } }),
  }),
);
const reports = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c'), twin), { maxLength: 8 });

test('folding is idempotent, leaves its input alone, and what is not named stays', () => {
  fc.assert(
    fc.property(reports, (list) => {
      let status: DeviceStatus = {};
      for (const content of list) {
        const frozen = JSON.stringify(status);
        const next = foldTwin(status, report(content));
        assert.is(JSON.stringify(status), frozen);
        assert.equal(foldTwin(next, report(content)), next);
        for (const before of status.twins ?? []) {
          if (before.propertyName in content) continue;
          assert.equal(
            next.twins?.find((entry) => entry.propertyName === before.propertyName),
            before,
          );
        }
        status = next;
      }
    }),
  );
});

test.run();
