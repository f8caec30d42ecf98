import type { WriteOutcome, WritePhase } from '@selvedge/contract/outcome';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  acknowledge,
  type DesiredProperty,
  enforce,
  failReadBack,
  hold,
  idlePoint,
  type Judgement,
  type PointState,
  rejectReadBack,
  rejectWrite,
  send,
  verify,
  want,
} from './point-state.ts';

const test = suite('point state');

const revision = (generation: number) => ({ uid: 'u', generation, local: 0 });
const desired = (value: string, generation: number, outcome?: WriteOutcome): DesiredProperty => ({
  value,
  revision: revision(generation),
  origin: 'spec',
  ...(outcome ? { outcome } : {}),
});
const outcome = (phase: WritePhase, generation: number, more: Partial<WriteOutcome> = {}): WriteOutcome => ({
  revision: revision(generation),
  value: '5',
  origin: 'spec',
  phase,
  at: 1,
  attempts: 1,
  ...more,
});
const yes: Judgement = { ok: true, raw: 5 };
const no: Judgement = { ok: false, code: 'AboveMaximum', reason: '5 is above maximum 4' };
const after = (generation: number, ...phases: ('send' | 'acknowledge')[]): PointState => {
  let { state } = want(idlePoint, desired('5', generation), yes, 0);
  for (const phase of phases) state = (phase === 'send' ? send(state, 1) : acknowledge(state, 2)).state;
  return state;
};

test('a newer value that came during a read-back is written, whatever becomes of the read-back', () => {
  const verifying = after(1, 'send', 'acknowledge');
  const { state } = want(verifying, desired('6', 2), { ok: true, raw: 6 }, 3);
  assert.is(failReadBack(state, revision(1), 4).state.step, 'due');
  assert.is(rejectReadBack(state, revision(1), { code: 'x' }, 4).state.step, 'due');
  assert.is(verify(state, { revision: revision(1), equal: false, text: '4' }, 4, 4).state.step, 'due');
});

test('a value that other hands had verified is not written again', () => {
  const { state, outcome: told } = want(idlePoint, desired('5', 1, outcome('Verified', 1)), yes, 0);
  assert.is(state.step, 'idle');
  assert.is(told, undefined);
  assert.equal(state.acked, revision(1));
});

test('polls count as later than what other hands had tried, also when it ended in a refusal', () => {
  const { state } = want(idlePoint, desired('5', 1, outcome('Rejected', 1, { code: 'ReadBackMismatch' })), yes, 0);
  assert.is(state.step, 'idle');
  assert.equal(state.acked, revision(1));
});

test('an outcome of an older revision says nothing of this one', () => {
  const { state } = want(idlePoint, desired('6', 2, outcome('Verified', 1)), { ok: true, raw: 6 }, 0);
  assert.is(state.step, 'due');
});

test('a refusal by a rule is told once, and taken back when the rule changes', () => {
  const refused = want(idlePoint, desired('5', 1), no, 0);
  assert.is(refused.outcome?.phase, 'Rejected');
  assert.is(refused.outcome?.attempts, 0);
  const again = want(refused.state, desired('5', 1), no, 1);
  assert.is(again.outcome, undefined);
  assert.is(want(again.state, desired('5', 1), yes, 2).state.step, 'due');
  // The same after a restart, from what the gateway kept.
  const kept = desired('5', 1, outcome('Rejected', 1, { attempts: 0, code: no.code, reason: no.reason }));
  assert.is(want(idlePoint, kept, no, 3).outcome, undefined);
  assert.is(want(idlePoint, kept, yes, 3).state.step, 'due');
});

test('a rule that comes after the device has decided changes nothing', () => {
  const verified = verify(
    after(1, 'send', 'acknowledge'),
    { revision: revision(1), equal: true, text: '5' },
    3,
    3,
  ).state;
  assert.is(want(verified, desired('5', 1), no, 4).outcome, undefined);
  const refused = rejectWrite(after(1, 'send'), { code: 'IllegalDataValue', reason: 'x' }, 3).state;
  assert.is(want(refused, desired('5', 1), yes, 4).state.step, 'idle');
});

test('a rule that comes while the value is on the wire has the last word', () => {
  const refused = want(after(1, 'send'), desired('5', 1), no, 3);
  assert.is(refused.outcome?.phase, 'Rejected');
  const acked = acknowledge(refused.state, 4);
  assert.is(acked.outcome, undefined);
  assert.is(acked.state.step, 'idle');
  assert.equal(acked.state.acked, revision(1));
});

test('a read-back that differs is read again a few times, then rejected with both values', () => {
  let state = after(1, 'send', 'acknowledge');
  let now = 0;
  for (let round = 0; round < 3; round++) {
    state = verify(state, { revision: revision(1), equal: false, text: '4' }, now, now).state;
    assert.is(state.step, 'verify');
    assert.ok(state.notBefore > now);
    now = state.notBefore;
  }
  assert.ok(now < 1_000);
  const last = verify(state, { revision: revision(1), equal: false, text: '4' }, now, now);
  assert.is(last.outcome?.phase, 'Rejected');
  assert.is(last.outcome?.code, 'ReadBackMismatch');
  assert.is(last.outcome?.readBack, '4');
  assert.match(last.outcome?.reason ?? '', /acknowledged 5 and then held 4/);
});

test('an obstacle is told once for each kind', () => {
  const down = hold(after(1), { code: 'LineDown', reason: 'cable' }, 1);
  assert.is(down.outcome?.phase, 'Failed');
  assert.is(hold(down.state, { code: 'LineDown', reason: 'other words' }, 2).outcome, undefined);
  assert.is(hold(down.state, { code: 'DeviceUnreachable', reason: 'x' }, 2).outcome?.code, 'DeviceUnreachable');
});

test('drift is written back only over a verified value, and not for a poll that began before it', () => {
  const verified = verify(
    after(1, 'send', 'acknowledge'),
    { revision: revision(1), equal: true, text: '5' },
    3,
    3,
  ).state;
  assert.is(enforce(verified, '4', revision(1)).step, 'due');
  assert.is(enforce(verified, '5', revision(1)).step, 'idle');
  assert.is(enforce(verified, '4', undefined).step, 'idle');
  assert.is(enforce(after(1, 'send', 'acknowledge'), '4', revision(1)).step, 'verify');
});

test.run();
