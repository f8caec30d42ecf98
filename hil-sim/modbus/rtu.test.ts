import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc16, decodeRtuFrame, encodeRtuFrame, frameGap } from './rtu.ts';

const test = suite('modbus rtu framing');

// The first is the example of Modbus over Serial Line 1.02, 6.2.2; the others were taken from meters.
const vectors = ['02074112', '1103006b00037687', '010402ffffb880', '010400080001b008'];

for (const hex of vectors) {
  test(`agrees on the CRC of ${hex}`, () => {
    const bytes = Buffer.from(hex, 'hex');
    assert.is(crc16(bytes.subarray(0, -2)), bytes.readUInt16LE(bytes.length - 2));
    const frame = decodeRtuFrame(bytes);
    assert.is(frame && encodeRtuFrame(frame).toString('hex'), hex);
  });
}

test('takes no frame of which a bit was turned or the end is missing', () => {
  const whole = Buffer.from('1103006b00037687', 'hex');
  for (let length = 0; length < whole.length; length++) assert.is(decodeRtuFrame(whole.subarray(0, length)), undefined);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const turned = Buffer.from(whole);
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is(decodeRtuFrame(turned), undefined);
  }
});

test('takes no frame longer than 256 bytes, whatever its CRC', () => {
  assert.is(decodeRtuFrame(encodeRtuFrame({ unit: 1, pdu: Buffer.alloc(254) })), undefined);
  assert.is(decodeRtuFrame(encodeRtuFrame({ unit: 1, pdu: Buffer.alloc(253) }))?.pdu.length, 253);
});

test('never throws on random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      decodeRtuFrame(Buffer.from(bytes));
    }),
    { seed: 5, numRuns: 1_000 },
  );
});

test('waits 3.5 characters, and 1.75 ms above 19,200 baud', () => {
  const serial = { dataBits: 8, parity: 'even', stopBits: 1 } as const;
  assert.is(Math.round(frameGap({ ...serial, baudRate: 9_600 }) * 100), 401);
  assert.is(Math.round(frameGap({ ...serial, baudRate: 19_200 }) * 100), 201);
  assert.is(frameGap({ ...serial, baudRate: 38_400 }), 1.75);
  assert.is(Math.round(frameGap({ baudRate: 1_200, dataBits: 7, parity: 'none', stopBits: 1 }) * 10), 263);
});

test.run();
