import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type HandoverInput, handover, heldBy, releaseAfterMs } from './handover.ts';

const test = suite('handover');

const input = (more: Partial<HandoverInput>): HandoverInput => ({
  target: 'edge-1',
  holder: 'edge-1',
  holderLink: { mayHold: true },
  straggler: undefined,
  ...more,
});

test('a device stays where it belongs', () => {
  assert.equal(handover(input({})), { action: 'deliver' });
});

test('a new device is claimed before it is delivered', () => {
  assert.equal(handover(input({ holder: undefined, holderLink: { silentFor: 0 } })), {
    action: 'claim',
    node: 'edge-1',
  });
});

test('a device that moves waits for its gateway to let go', () => {
  const moving = input({ target: 'edge-2' });
  assert.is(handover(moving).action, 'wait');
  assert.equal(handover({ ...moving, holderLink: { mayHold: false } }), { action: 'claim', node: 'edge-2' });
});

test('a gateway that is away counts as having let go after 40 s of silence', () => {
  const moving = input({ target: 'edge-2', holderLink: { silentFor: 15_000 } });
  const waiting = handover(moving);
  assert.is(waiting.action === 'wait' && waiting.again, releaseAfterMs - 15_000);
  assert.is(handover({ ...moving, holderLink: { silentFor: releaseAfterMs } }).action, 'claim');
});

test('a device that is taken off its node ends up with none', () => {
  const off = input({ target: undefined, holderLink: { mayHold: false } });
  assert.equal(handover(off), { action: 'claim', node: undefined });
});

test('nothing is ever delivered or claimed while another gateway may have the device', () => {
  const node = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined });
  const link = fc.oneof(
    fc.boolean().map((mayHold) => ({ mayHold })),
    fc.integer({ min: 0, max: 60_000 }).map((silentFor) => ({ silentFor })),
  );
  fc.assert(
    fc.property(fc.record({ target: node, holder: node, holderLink: link, straggler: node }), (drawn) => {
      const { target, holder, holderLink, straggler } = drawn;
      const holds = 'mayHold' in holderLink ? holderLink.mayHold : holderLink.silentFor < releaseAfterMs;
      const elsewhere = (holder !== undefined && holder !== target && holds) || straggler !== undefined;
      assert.is(handover(drawn).action === 'wait', elsewhere);
    }),
  );
});

test('a gateway that takes over has written nothing yet', () => {
  const lastWrite = {
    ...{ uid: 'u', generation: 1, value: '60', attempts: 1, at: '2026-01-01T00:00:00Z' },
    ...{ origin: 'spec' as const, phase: 'Verified' as const },
  };
  const status = { nodeName: 'edge-1', twins: [{ propertyName: 'setpoint', reported: { value: '60' }, lastWrite }] };
  assert.equal(heldBy('edge-2', status), {
    nodeName: 'edge-2',
    twins: [{ propertyName: 'setpoint', reported: { value: '60' } }],
  });
  assert.equal(heldBy('edge-1', status), status);
  assert.equal(heldBy(undefined, { nodeName: 'edge-1' }), {});
});

test.run();
