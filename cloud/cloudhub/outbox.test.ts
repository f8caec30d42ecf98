import { millis, seconds } from '@selvedge/base/duration';
import { seededRandom } from '@selvedge/base/random';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type LinkedObject, Outbox } from './outbox.ts';

const test = suite('outbox');

const object = (name: string, generation: number, uid = `uid-${name}`): LinkedObject => ({
  kind: 'device',
  namespace: 'default',
  name,
  uid,
  generation,
  content: { metadata: { name, resourceVersion: String(generation) } },
});

function arrange() {
  const clock = new VirtualClock();
  const sent: LinkFrame[] = [];
  const settled: string[] = [];
  const wire = { open: true };
  const outbox = new Outbox({
    clock,
    send: (frame) => sent.push(frame),
    canSend: () => wire.open,
    onSettled: (ref) => settled.push(ref.name),
  });
  const said = () => sent.map((frame) => `${frame.route.operation} ${frame.route.resource}`);
  const last = () => sent.at(-1)?.header.msg_id ?? '';
  return { clock, sent, settled, wire, outbox, said, last };
}

test('sends an object once, again every 5 s until it is acknowledged, and then no more', async () => {
  const { clock, sent, outbox, settled, last } = arrange();
  outbox.put(object('boiler', 1));
  outbox.put(object('boiler', 1));
  assert.is(sent.length, 1);
  await clock.advance(seconds(11));
  assert.is(sent.length, 3);
  assert.is(new Set(sent.map((frame) => frame.header.msg_id)).size, 1, 'the same frame each time');
  outbox.acknowledge(last());
  await clock.advance(seconds(60));
  assert.is(sent.length, 3);
  assert.equal(settled, ['boiler']);
  outbox.put(object('boiler', 1));
  assert.is(sent.length, 3, 'what is held is not sent again');
});

test('the newest version wins while one is under way, and different objects do not wait for each other', () => {
  const { sent, outbox, said, last } = arrange();
  outbox.put(object('boiler', 1));
  for (let generation = 2; generation <= 9; generation++) outbox.put(object('boiler', generation));
  outbox.put(object('pump', 1));
  assert.equal(said(), ['insert default/device/boiler', 'insert default/device/pump']);
  outbox.acknowledge(sent[0]?.header.msg_id ?? '');
  assert.is(said().at(-1), 'update default/device/boiler');
  assert.is(sent.at(-1)?.header.resourceversion, '9');
  outbox.acknowledge(last());
  assert.is(sent.length, 3);
});

test('deletes what the node says it holds, with the uid it has', () => {
  const { sent, outbox, last } = arrange();
  outbox.learn({ objects: [{ kind: 'device', namespace: 'default', name: 'old', uid: 'u1', generation: 4 }] });
  outbox.delete({ kind: 'device', namespace: 'default', name: 'old' });
  assert.equal(sent[0]?.content, { metadata: { name: 'old', namespace: 'default', uid: 'u1' } });
  assert.ok(outbox.mayHold({ kind: 'device', namespace: 'default', name: 'old' }), 'until it says that it let go');
  outbox.acknowledge(last());
  assert.not(outbox.mayHold({ kind: 'device', namespace: 'default', name: 'old' }));
});

test('sends nothing while the wire is full and everything afterwards, in the order in which it was asked for', () => {
  const { outbox, wire, said } = arrange();
  wire.open = false;
  outbox.put(object('a', 1));
  outbox.put(object('b', 1));
  outbox.put(object('a', 2));
  assert.equal(said(), []);
  wire.open = true;
  outbox.flush();
  assert.equal(said(), ['insert default/device/a', 'insert default/device/b']);
});

test('whatever is asked for and however often frames and acknowledgements get lost, the node ends up with what was asked last', async () => {
  const command = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    put: fc.boolean(),
    waitMs: fc.integer({ min: 0, max: 9_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 30 }), fc.integer(), async (commands, seed) => {
      const random = seededRandom(seed);
      const clock = new VirtualClock();
      const node = new Map<string, number>();
      const wanted = new Map<string, number>();
      let lossy = true;
      const outbox: Outbox = new Outbox({
        clock,
        canSend: () => true,
        onSettled: () => {},
        send: (frame) => {
          const name = frame.route.resource?.split('/')[2] ?? '';
          if (lossy && random() < 0.4) return;
          clock.after('deliver', millis(10), () => {
            if (frame.route.operation === 'delete') node.delete(name);
            else node.set(name, Number(frame.header.resourceversion));
            if (!lossy || random() > 0.4) outbox.acknowledge(frame.header.msg_id);
          });
        },
      });
      let generation = 0;
      for (const { name, put, waitMs } of commands) {
        generation++;
        if (put) {
          wanted.set(name, generation);
          outbox.put(object(name, generation));
        } else {
          wanted.delete(name);
          outbox.delete({ kind: 'device', namespace: 'default', name });
        }
        await clock.advance(millis(waitMs));
      }
      lossy = false;
      await clock.advance(seconds(30));
      assert.equal([...node].sort(), [...wanted].sort());
    }),
    { numRuns: 60 },
  );
});

test.run();
