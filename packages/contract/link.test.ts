import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ackFrame, confirmFrame, deviceObjectFrame, keepaliveFrame, membershipFrame } from './link-build.ts';
import { decodeFrame, encodeFrame, type LinkFrame, maxFrameBytes } from './link-frame.ts';
import { buildResource, parseResource, readMessage } from './link-message.ts';

interface TraceLine {
  readonly dir: string;
  readonly frame?: LinkFrame;
}

/** Frames recorded between KubeEdge's own CloudCore and EdgeCore (vectors/README.md). */
const trace = readFileSync(join(import.meta.dirname, 'vectors/kubeedge-link.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as TraceLine);
const frames = trace.flatMap((line) => (line.frame ? [line.frame] : []));

const test = suite('cloud-edge link');

test('every recorded frame is decoded and encoded to the same JSON, unknown fields kept', () => {
  assert.ok(frames.length > 80);
  for (const frame of frames) {
    const text = JSON.stringify(frame);
    assert.equal(JSON.parse(encodeFrame(decodeFrame(text))), JSON.parse(text));
  }
});

test('the resource of every recorded frame is understood and built to the same string', () => {
  for (const frame of frames) {
    const text = frame.route.resource ?? '';
    const resource = parseResource(text);
    assert.is.not(resource.type, 'other', text);
    assert.is(buildResource(resource), text);
  }
});

test('every recorded frame reads as a message of a known type', () => {
  const types = new Map<string, number>();
  for (const frame of frames) {
    const message = readMessage(frame);
    assert.is.not(message.type, 'unknown', JSON.stringify(frame.route));
    assert.equal(message.frame, frame);
    types.set(message.type, (types.get(message.type) ?? 0) + 1);
  }
  assert.equal([...types.keys()].sort(), [
    'ack',
    'answer',
    'keepalive',
    'membership',
    'membershipQuery',
    'object',
    'twinReport',
  ]);
});

test('what we build has the keys and the route that KubeEdge sends', () => {
  const recorded = (resource: string, operation: string): LinkFrame => {
    const found = frames.find((frame) => frame.route.resource === resource && frame.route.operation === operation);
    if (!found) throw new Error(`no recorded ${operation} of ${resource}`);
    return found;
  };
  const same = (built: LinkFrame, original: LinkFrame) => {
    assert.equal(built.route, original.route);
    assert.equal(Object.keys(built.header).sort(), Object.keys(original.header).sort());
  };
  const stamp = { now: 1_795_473_772_362 };
  same(keepaliveFrame(stamp), recorded('node', 'keepalive'));
  const device = recorded('default/device/boiler', 'update');
  same(deviceObjectFrame(stamp, 'update', 'device', device.content as never), device);
  const ack = frames.find((frame) => frame.header.parent_msg_id === device.header.msg_id) as LinkFrame;
  same(ackFrame(stamp, device), ack);
  assert.is(ackFrame(stamp, device).header.parent_msg_id, device.header.msg_id);
  same(membershipFrame(stamp, { added_devices: [], removed_devices: null }), recorded('membership', 'update'));
  same(
    confirmFrame(stamp, recorded('device/default/boiler/twin/edge_updated', 'update')),
    recorded('twin', 'response'),
  );
});

test('any resource string is parsed without an error and built to itself', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.stringMatching(/^[a-z0-9]{0,8}$/), { maxLength: 6 }).map((l) => l.join('/')),
      ),
      (text) => {
        assert.is(buildResource(parseResource(text)), text);
      },
    ),
  );
});

test('random text is refused with an error of ours, never with another', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        readMessage(decodeFrame(text));
      } catch (error) {
        assert.instance(error, FieldError);
      }
    }),
  );
});

test('a frame over the bound is refused, naming the bound', () => {
  assert.throws(() => decodeFrame(' '.repeat(maxFrameBytes + 1)), new RegExp(`at most ${maxFrameBytes}`));
});

test('a recorded frame cut at any place is refused with an error of ours', () => {
  const text = JSON.stringify(frames[0]);
  for (let length = 0; length < text.length; length++) {
    assert.throws(
      () => decodeFrame(text.slice(0, length)),
      (error: unknown) => error instanceof FieldError,
    );
  }
});

test('a response without a parent is malformed', () => {
  const frame = {
    ...keepaliveFrame({ now: 1 }),
    route: { source: 'x', group: 'twin', operation: 'response', resource: 'twin' },
  };
  assert.throws(() => readMessage(frame), /parent_msg_id/);
});

test.run();
