import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { maxJsonDepth } from './json-payload.ts';
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

test('whatever stands in a well formed frame, it is read or refused with an error of ours, and can be sent on', () => {
  const resource = fc.oneof(
    fc.constantFrom('node', 'membership', 'selvedge/held', 'default/device/x', 'device/default/x/twin/edge_updated'),
    fc.constantFrom('device/default/x/state/update', 'null/node/x'),
    fc.string(),
  );
  const operation = fc.oneof(fc.constantFrom('error', 'response', 'insert', 'update', 'keepalive'), fc.string());
  const content = fc.oneof(fc.jsonValue(), fc.json(), fc.constant({ toString: 1, valueOf: 2 }), fc.constant(nested(1)));
  fc.assert(
    fc.property(resource, operation, content, fc.boolean(), (resource, operation, content, answers) => {
      const header = { msg_id: 'a', timestamp: 1, ...(answers ? { parent_msg_id: 'b' } : {}) };
      const text = JSON.stringify({ header, route: { source: 's', group: 'g', operation, resource }, content });
      try {
        const message = readMessage(decodeFrame(text));
        assert.equal(JSON.parse(encodeFrame(message.frame)), JSON.parse(text));
      } catch (error) {
        assert.instance(error, FieldError);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('nesting is bounded, in a frame and in JSON that stands in its content', () => {
  const frame = (content: unknown) => ({
    ...keepaliveFrame({ now: 1 }),
    route: { source: 'x', group: 'y', operation: 'insert', resource: 'default/device/x' },
    content,
  });
  const read = (text: string) => readMessage(decodeFrame(text)) as { content?: unknown };
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const bound = new RegExp(`deeper than ${maxJsonDepth} levels`);
  assert.throws(() => read(JSON.stringify(frame('here')).replace('"here"', deep)), bound);
  assert.throws(() => decodeFrame(JSON.stringify(frame(nested(maxJsonDepth)))), bound);
  assert.equal(read(JSON.stringify(frame(nested(maxJsonDepth - 1)))).content, nested(maxJsonDepth - 1));
  assert.is(read(JSON.stringify(frame(deep))).content, deep, 'stays the text that it is');
  const brackets = '"\\\\" [[['.repeat(maxJsonDepth);
  assert.is(read(JSON.stringify(frame(brackets))).content, brackets, 'brackets in a string are no nesting');
});

test('an error that is no text is told as JSON, and bounded', () => {
  const text = (content: unknown) =>
    (
      readMessage({
        ...keepaliveFrame({ now: 1 }),
        route: { source: 'x', group: 'y', operation: 'error', resource: '' },
        content,
      }) as { text: string }
    ).text;
  assert.is(text({ code: 404 }), '{"code":404}');
  assert.is(text(undefined), 'null');
  assert.is(text('gone'), 'gone');
  assert.is(text('x'.repeat(5_000)).length, 1_024);
});

/** A list in a list in a list, so many levels deep. */
function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}

test.run();
