import type { WriteOutcome } from '@selvedge/contract/outcome';
import { isFinal } from '@selvedge/contract/outcome';
import { formatRevision, isLater, type Revision } from '@selvedge/contract/revision';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  acknowledge,
  type Change,
  type DesiredProperty,
  failReadBack,
  failWrite,
  hold,
  idlePoint,
  type PointState,
  rejectReadBack,
  rejectWrite,
  send,
  verify,
  wake,
  want,
} from './point-state.ts';

/**
 * A register, one who asks for it, and a wire between, in any order of events that a line can produce. Beside the states under test
 * runs what must be true of the register itself.
 */
type Event =
  | { readonly kind: 'desire'; readonly value: number }
  | { readonly kind: 'desire again' | 'withdraw' | 'start' | 'down' | 'up' | 'begin poll' | 'end poll' }
  | { readonly kind: 'finish'; readonly how: 'done' | 'done, answer lost' | 'lost' | 'refused' }
  | { readonly kind: 'knob'; readonly value: number }
  | { readonly kind: 'wait'; readonly ms: number };

class World {
  register = 0;
  state: PointState = idlePoint;
  desired: DesiredProperty | undefined;
  generation = 0;
  now = 0;
  wire: { kind: 'write'; raw: number } | { kind: 'readBack'; revision: Revision; raw: number } | undefined;
  polls: { value: number; acked: Revision | undefined; acknowledged: number }[] = [];
  outcomes: WriteOutcome[] = [];
  acknowledged = 0;

  apply(change: Change): void {
    this.state = change.state;
    const { outcome } = change;
    if (!outcome) return;
    const before = this.outcomes.findLast(
      (other) => formatRevision(other.revision) === formatRevision(outcome.revision),
    );
    assert.not(before && isFinal(before.phase), `${outcome.phase} after ${before?.phase}`);
    this.outcomes.push(outcome);
  }

  take(event: Event): void {
    switch (event.kind) {
      case 'desire':
        this.desired = {
          value: String(event.value),
          origin: 'spec',
          revision: { uid: 'u', generation: ++this.generation, local: 0 },
        };
        this.apply(want(this.state, this.desired, { ok: true, raw: event.value }, this.now));
        return;
      case 'desire again': {
        const judgement = { ok: true, raw: Number(this.desired?.value) } as const;
        const change = want(this.state, this.desired, this.desired && judgement, this.now);
        assert.is(change.outcome, undefined);
        assert.is(change.state.step, this.state.step);
        this.apply(change);
        return;
      }
      case 'withdraw':
        this.desired = undefined;
        this.apply(want(this.state, undefined, undefined, this.now));
        return;
      case 'start':
        this.start();
        return;
      case 'finish':
        this.finish(event.how);
        return;
      case 'down':
        this.apply(hold(this.state, { code: 'LineDown', reason: 'cable' }, this.now));
        return;
      case 'up':
        this.state = wake(this.state);
        return;
      case 'knob':
        this.register = event.value;
        return;
      case 'begin poll':
        this.polls.push({ value: this.register, acked: this.state.acked, acknowledged: this.acknowledged });
        return;
      case 'end poll':
        this.endPoll();
        return;
      case 'wait':
        this.now += event.ms;
    }
  }

  start(): void {
    const { wanted, step, notBefore } = this.state;
    if (this.wire || !wanted || notBefore > this.now) return;
    const raw = Number(wanted.raw);
    if (step === 'due') {
      assert.is(this.state.inFlight, undefined);
      this.wire = { kind: 'write', raw };
      this.apply(send(this.state, this.now));
    } else if (step === 'verify') {
      assert.equal(this.state.acked, wanted.revision, 'only what was acknowledged is read back');
      this.wire = { kind: 'readBack', revision: wanted.revision, raw };
    }
  }

  finish(how: Extract<Event, { kind: 'finish' }>['how']): void {
    const wire = this.wire;
    this.wire = undefined;
    const problem = { code: how === 'refused' ? 'IllegalDataValue' : 'Timeout', reason: how };
    if (wire?.kind === 'write') {
      if (how === 'done' || how === 'done, answer lost') this.register = wire.raw;
      if (how === 'done') this.acknowledged++;
      if (how === 'done') this.apply(acknowledge(this.state, this.now));
      else if (how === 'refused') this.apply(rejectWrite(this.state, problem, this.now));
      else this.apply(failWrite(this.state, problem, this.now, this.now));
    } else if (wire?.kind === 'readBack') {
      const found = { revision: wire.revision, equal: this.register === wire.raw, text: String(this.register) };
      if (how === 'done') this.apply(verify(this.state, found, this.now, this.now));
      else if (how === 'refused') this.apply(rejectReadBack(this.state, wire.revision, problem, this.now));
      else this.apply(failReadBack(this.state, wire.revision, this.now));
    }
  }

  /** What the gateway does with a sample: revisions are compared, never clocks. */
  endPoll(): void {
    const poll = this.polls.shift();
    if (!poll) return;
    const newest = this.state.acked;
    const isStale = newest !== undefined && !(poll.acked && !isLater(newest, poll.acked));
    if (poll.acknowledged !== this.acknowledged) assert.ok(isStale, 'a poll from before a write would revert it');
  }

  check(): void {
    assert.is(this.state.inFlight !== undefined, this.wire?.kind === 'write');
    if (this.state.step !== 'idle') assert.ok(this.state.wanted);
  }
}

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('desire' as const), value: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['desire again', 'start', 'start', 'down', 'up', 'begin poll', 'end poll', 'withdraw'] as const),
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      how: fc.constantFrom(...(['done', 'done', 'done, answer lost', 'lost', 'refused'] as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('knob' as const), value: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) }) },
);

const test = suite('point state, any order of events');

test('one write at a time, one final outcome a revision, no poll from before a write counts after it', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const world = new World();
      for (const one of events) {
        world.take(one);
        world.check();
      }
    }),
    { numRuns: 2_000 },
  );
});

test('whatever came before, a desired value reaches the register once the wire works, and is verified there', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 10, max: 19 }), (events, value) => {
      const world = new World();
      for (const one of events) world.take(one);
      world.take({ kind: 'desire', value });
      world.take({ kind: 'finish', how: 'lost' });
      for (let round = 0; round < 3; round++) {
        world.take({ kind: 'wait', ms: 60_000 });
        world.take({ kind: 'start' });
        world.take({ kind: 'finish', how: 'done' });
      }
      assert.is(world.register, value);
      assert.is(world.outcomes.at(-1)?.phase, 'Verified');
      assert.is(world.state.step, 'idle');
    }),
    { numRuns: 1_000 },
  );
});

test('a value that the device never takes is tried again and again, at most every 30 s', () => {
  const world = new World();
  world.take({ kind: 'desire', value: 5 });
  let tries = 0;
  for (let second = 0; second < 600; second++) {
    world.take({ kind: 'start' });
    if (world.wire) tries++;
    world.take({ kind: 'finish', how: 'lost' });
    world.take({ kind: 'wait', ms: 1_000 });
  }
  assert.ok(tries >= 20 && tries <= 30, `${tries} tries in 10 minutes`);
  assert.is(world.outcomes.at(-1)?.phase, 'Failed');
});

test.run();
