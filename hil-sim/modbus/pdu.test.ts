import { readFileSync } from 'node:fs';
import { FieldError } from '@selvedge/base/errors';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse, type Request, type Response } from './pdu.ts';

const test = suite('modbus pdu');

interface Vector {
  readonly name: string;
  readonly request: string;
  readonly is: Request;
  readonly response: string;
  readonly means: Response;
}

// Bits stand as 0 and 1 in the file, which is shorter than true and false.
const asBits = <Message extends { code: unknown; values?: unknown }>(message: Message): Message =>
  [1, 2, 15].includes(message.code as number) && Array.isArray(message.values)
    ? { ...message, values: message.values.map(Boolean) }
    : message;

const vectors: Vector[] = (
  JSON.parse(readFileSync(new URL('./vectors/pdu.json', import.meta.url), 'utf8')) as Vector[]
).map((vector) => ({ ...vector, is: asBits(vector.is), means: asBits(vector.means) }));

for (const vector of vectors) {
  test(`agrees with the standard's example both ways: ${vector.name}`, () => {
    assert.equal(decodeRequest(bytes(vector.request)), vector.is);
    assert.is(encodeRequest(vector.is).toString('hex'), vector.request);
    assert.equal(decodeResponse(bytes(vector.response)), vector.means);
    assert.is(encodeResponse(vector.means).toString('hex'), vector.response);
  });

  test(`refuses what is cut off at any byte: ${vector.name}`, () => {
    for (let length = 0; length < vector.request.length / 2; length++) {
      refuses(() => decodeRequest(bytes(vector.request).subarray(0, length)));
    }
    for (let length = 0; length < vector.response.length / 2; length++) {
      refuses(() => decodeResponse(bytes(vector.response).subarray(0, length)));
    }
  });
}

const quantities: [string, string][] = [
  ['no coil', '0100000000'],
  ['2,001 coils', '01000007d1'],
  ['no register', '0300000000'],
  ['126 registers', '030000007e'],
  ['a coil value between on and off', '0500000001'],
  ['a byte count that does not fit the quantity', '10000000010300010203'],
  ['124 registers to write', `100000007cf8${'00'.repeat(248)}`],
  ['1,969 coils to write', `0f000007b1f7${'00'.repeat(247)}`],
  ['122 registers to write in a read and write', `170000000100000007af4${'0'.repeat(489)}`],
  ['a device id code of 5', '2b0e0500'],
];
for (const [what, request] of quantities) {
  test(`answers exception 3 to ${what}`, () => {
    assert.is(
      codeOf(() => decodeRequest(bytes(request))),
      'IllegalDataValue',
    );
  });
}

test('answers exception 1 to functions it lacks and to other MEI types', () => {
  for (const request of ['07', '08000000', '11', '14', '2b0d0100', '80', 'ff']) {
    assert.is(
      codeOf(() => decodeRequest(bytes(request))),
      'IllegalFunction',
      request,
    );
  }
});

test('takes the largest requests the standard allows', () => {
  assert.is(decodeRequest(bytes('01000007d0')).code, 1);
  assert.is(decodeRequest(bytes('030000007d')).code, 3);
  assert.is(encodeRequest({ code: 16, address: 0, values: new Array(123).fill(1) }).length, 252);
  assert.is(decodeRequest(bytes(`0f000007b0f6${'ff'.repeat(246)}`)).code, 15);
});

test('throws nothing but FieldError on random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 260 }), (random) => {
      for (const decode of [decodeRequest, decodeResponse]) {
        try {
          decode(Buffer.from(random));
        } catch (error) {
          if (!(error instanceof FieldError)) throw error;
        }
      }
    }),
    { seed: 1, numRuns: 2_000 },
  );
});

test('brings any request back as it was', () => {
  const word = fc.integer({ min: 0, max: 65_535 });
  const words = fc.array(word, { minLength: 1, maxLength: 121 });
  const request: fc.Arbitrary<Request> = fc.oneof(
    fc.record({ code: fc.constantFrom(1, 2, 3, 4), address: word, quantity: fc.integer({ min: 1, max: 125 }) }),
    fc.record({ code: fc.constant(5), address: word, value: fc.boolean() }),
    fc.record({ code: fc.constant(6), address: word, value: word }),
    fc.record({
      code: fc.constant(15),
      address: word,
      values: fc.array(fc.boolean(), { minLength: 1, maxLength: 1_968 }),
    }),
    fc.record({ code: fc.constant(16), address: word, values: words }),
    fc.record({ code: fc.constant(22), address: word, and: word, or: word }),
    fc.record({
      code: fc.constant(23),
      address: word,
      quantity: fc.integer({ min: 1, max: 125 }),
      writeAddress: word,
      values: words,
    }),
  );
  fc.assert(
    // Spread, since fast-check's records have no prototype and uvu compares that too.
    fc.property(request, (one) => assert.equal(decodeRequest(encodeRequest(one)), { ...one })),
    { seed: 2, numRuns: 500 },
  );
});

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FieldError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

function refuses(run: () => unknown): void {
  assert.match(codeOf(run), /^Illegal/);
}

test.run();
