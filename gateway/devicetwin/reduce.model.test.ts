import type { Device } from '@selvedge/contract/device';
import type { DeviceModel } from '@selvedge/contract/device-model';
import { isFinal, type WriteOutcome } from '@selvedge/contract/outcome';
import { isLater, type Revision } from '@selvedge/contract/revision';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reduce } from './reduce.ts';
import { desiredMessage, emptyTwin, type Twin, type TwinEvent } from './twin-state.ts';

/**
 * The reducer against a small world: a spec that people change, a mapper that writes and polls with delays of its own, and a
 * gateway that may be restarted at any point. Every run is a list of actions from a seed.
 */
const test = suite('twin reducer, random runs');

type Action =
  | { readonly do: 'edit'; readonly value: string }
  | { readonly do: 'writeLocally'; readonly value: string }
  | { readonly do: 'deliverAgain' }
  | { readonly do: 'remake' }
  | { readonly do: 'beginPoll' }
  | { readonly do: 'endPoll'; readonly which: number }
  | { readonly do: 'write' }
  | { readonly do: 'restartMapper' }
  | { readonly do: 'restartGateway' };

const value = fc.integer({ min: 0, max: 120 }).map(String);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('edit' as const), value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('writeLocally' as const), value }) },
  { weight: 1, arbitrary: fc.constant({ do: 'deliverAgain' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'remake' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'beginPoll' as const }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('endPoll' as const), which: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'write' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restartMapper' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restartGateway' as const }) },
);

const model: DeviceModel = {
  metadata: { name: 'model', namespace: 'default' },
  spec: { properties: [{ name: 'p', type: 'INT', minimum: '0', maximum: '100', visitors: { configData: {} } }] },
};

interface Poll {
  readonly value: string;
  readonly acked: Revision | undefined;
  readonly uid: string;
}

class World {
  twin: Twin = emptyTwin({ namespace: 'default', name: 'd', uid: 'u0' }, { state: 'up', session: '0' }, 0);
  uid = 0;
  generation = 1;
  spec = '10';
  now = 0;
  session = 0;
  /** What stands in the register, and by which write of the present mapper and object. */
  register = '0';
  acked: Revision | undefined;
  /** What a poll that begins now, or later, will find at least: the value of the newest write that was told. */
  polls: Poll[] = [];

  get device(): Device {
    return {
      metadata: { name: 'd', namespace: 'default', uid: `u${this.uid}`, generation: this.generation },
      spec: {
        deviceModelRef: { name: 'model' },
        protocol: { protocolName: 'modbus' },
        properties: [{ name: 'p', desired: { value: this.spec } }],
      },
    };
  }

  apply(event: TwinEvent): void {
    const twice = event.type === 'device';
    this.twin = reduce(this.twin, event, ++this.now).twin;
    if (twice) {
      const again = reduce(this.twin, event, ++this.now);
      assert.is(again.twin.durable, this.twin.durable, 'the same device twice changes nothing');
      assert.equal(again.effects, [], 'the same device twice asks for nothing');
    }
  }

  deliver(): void {
    this.apply({ type: 'device', device: this.device, model });
  }

  /** What a mapper does with the retained message: writes what is not final, newest first and only. */
  write(): void {
    const desired = desiredMessage(this.twin.durable).properties.p;
    if (!desired || (desired.outcome && isFinal(desired.outcome.phase))) return;
    this.register = desired.value;
    this.acked = desired.revision;
    const { revision, value, origin } = desired;
    const step: WriteOutcome = { revision, value, origin, phase: 'Acknowledged', at: this.now, attempts: 1 };
    const uid = `u${this.uid}`;
    this.apply({ type: 'outcome', uid, property: 'p', outcome: step });
    this.apply({ type: 'outcome', uid, property: 'p', outcome: { ...step, phase: 'Verified', readBack: value } });
    this.sample({ value, acked: revision, uid });
  }

  sample({ value, acked, uid }: Poll): void {
    const point = { property: 'p', value, quality: 'good' as const, at: this.now, ...(acked && { acked }) };
    this.apply({ type: 'samples', uid, points: [point] });
  }

  run(step: Action): void {
    switch (step.do) {
      case 'edit':
        this.generation++;
        this.spec = step.value;
        this.deliver();
        break;
      case 'writeLocally':
        this.apply({ type: 'write', property: 'p', value: step.value });
        break;
      case 'deliverAgain':
        this.deliver();
        break;
      case 'remake':
        this.uid++;
        this.generation = 1;
        this.acked = undefined;
        this.deliver();
        break;
      case 'beginPoll':
        if (this.polls.length < 5) this.polls.push({ value: this.register, acked: this.acked, uid: `u${this.uid}` });
        break;
      case 'endPoll': {
        const [poll] = this.polls.splice(step.which % (this.polls.length || 1), 1);
        if (poll) this.sample(poll);
        break;
      }
      case 'write':
        this.write();
        break;
      case 'restartMapper':
        // A process that is gone says nothing more, and its successor learns what was acknowledged from the outcome alone.
        this.polls = [];
        this.acked = undefined;
        this.session++;
        this.apply({ type: 'mapper', presence: { state: 'up', session: String(this.session) } });
        break;
      case 'restartGateway': {
        const saved = this.twin;
        this.twin = JSON.parse(JSON.stringify(saved)) as Twin;
        this.deliver();
        assert.equal(this.twin.durable, saved.durable, 'a restart changes nothing');
        assert.equal(this.twin.live.reported, saved.live.reported);
      }
    }
  }
}

test('a stale poll never reverts a write, revisions only go forward, and in the end the device has what is wanted', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const world = new World();
      world.deliver();
      for (const step of actions) {
        const before = world.twin;
        world.run(step);
        const { desired } = world.twin.durable.properties.p ?? {};
        const earlier = before.durable.properties.p?.desired;
        if (desired && earlier && desired.revision !== earlier.revision) {
          const moved = JSON.stringify(desired.revision) !== JSON.stringify(earlier.revision);
          assert.ok(!moved || isLater(desired.revision, earlier.revision), 'a new revision is a later one');
        }
        // The polls of this world find what the register had when they began: only writes change it. So whatever is reported
        // after the newest write must be that write's value.
        if (world.acked && world.twin.live.acked.p) {
          assert.is(world.twin.live.reported.p?.value, world.register, 'a stale poll became what is reported');
        }
      }
      world.write();
      const { desired, lastWrite } = world.twin.durable.properties.p ?? {};
      const wanted = Number(desired?.value);
      if (wanted > 100) assert.is(lastWrite?.phase, 'Rejected');
      else {
        assert.is(lastWrite?.phase, 'Verified');
        assert.equal(lastWrite?.revision, desired?.revision);
        assert.is(lastWrite?.readBack, desired?.value);
      }
    }),
    { numRuns: 400, seed: 7 },
  );
});

test.run();
