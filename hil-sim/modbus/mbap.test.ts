import { FieldError } from '@selvedge/base/errors';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeTcpFrame, type TcpFrame, TcpFrameReader } from './mbap.ts';

const test = suite('modbus tcp framing');

test('agrees with the example of the messaging guide', () => {
  const frame = { transaction: 0x1501, unit: 0xff, pdu: Buffer.from('0300040001', 'hex') };
  assert.is(encodeTcpFrame(frame).toString('hex'), '150100000006ff0300040001');
  assert.equal(new TcpFrameReader().push(encodeTcpFrame(frame)), [frame]);
});

test('finds the same frames however the stream is cut', () => {
  const frame: fc.Arbitrary<TcpFrame> = fc
    .record({
      transaction: fc.integer({ min: 0, max: 65_535 }),
      unit: fc.integer({ min: 0, max: 255 }),
      pdu: fc.uint8Array({ minLength: 1, maxLength: 253 }).map((bytes) => Buffer.from(bytes)),
    })
    .map((one) => ({ ...one }));
  const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), cuts, (frames, sizes) => {
      const stream = Buffer.concat(frames.map(encodeTcpFrame));
      const reader = new TcpFrameReader();
      const found: TcpFrame[] = [];
      let at = 0;
      for (const size of [...sizes, stream.length]) {
        found.push(...reader.push(stream.subarray(at, at + size)));
        at += size;
      }
      assert.equal(found, frames);
    }),
    { seed: 3, numRuns: 300 },
  );
});

test('passes over a frame of another protocol and finds the next', () => {
  const other = Buffer.from('000100070006010300000001', 'hex');
  const ours = encodeTcpFrame({ transaction: 2, unit: 1, pdu: Buffer.from([3]) });
  assert.equal(
    new TcpFrameReader().push(Buffer.concat([other, ours])).map(({ transaction }) => transaction),
    [2],
  );
});

test('gives the stream up at a length that no frame can have', () => {
  for (const length of ['0000', '0001', '00ff', 'ffff']) {
    assert.throws(
      () => new TcpFrameReader().push(Buffer.from(`00010000${length}01`, 'hex')),
      (error: unknown) => error instanceof FieldError && error.code === 'LostFraming',
    );
  }
});

test('throws nothing but FieldError on random bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 10 }), (chunks) => {
      const reader = new TcpFrameReader();
      try {
        for (const chunk of chunks) reader.push(Buffer.from(chunk));
      } catch (error) {
        if (!(error instanceof FieldError)) throw error;
      }
    }),
    { seed: 4, numRuns: 1_000 },
  );
});

test.run();
