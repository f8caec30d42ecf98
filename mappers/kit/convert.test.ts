import { checkDesired } from '@selvedge/contract/desired';
import type { PropertyType, Value } from '@selvedge/contract/value';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Conversion, rawEquals, toRaw, toText } from './convert.ts';
import type { RawKind } from './driver.ts';

const test = suite('conversion between values and raw values');

const integer = (bits: number, signed: boolean): RawKind => ({
  kind: 'integer',
  minimum: signed ? -(1n << BigInt(bits - 1)) : 0n,
  maximum: (1n << BigInt(signed ? bits - 1 : bits)) - 1n,
});
const plain = (raw: RawKind): Conversion => ({ raw, scale: 1, offset: 0 });
const integers = [16, 32, 64].flatMap((bits) => [integer(bits, true), integer(bits, false)]);

/** The value as a person would have written it, through the same judge as everywhere. */
function parsed(type: PropertyType, text: string): Value {
  const verdict = checkDesired({ properties: [{ name: 'p', type }] }, 'p', text);
  assert.ok(verdict.ok, `${text} as ${type}`);
  return verdict.value;
}

/** text -> raw -> text */
function roundTrip(point: Conversion, type: PropertyType, text: string): string {
  const raw = toRaw(point, type, parsed(type, text));
  assert.ok(raw.ok, `${text} in ${JSON.stringify(point.scale)}`);
  const back = toText(point, type, raw.raw);
  assert.ok(back.ok);
  return back.text;
}

test('whole numbers that fit come back as they went, in every width', () => {
  for (const kind of integers) {
    assert.ok(kind.kind === 'integer');
    const most = BigInt(Number.MAX_SAFE_INTEGER);
    const limits = {
      min: kind.minimum < -most ? -most : kind.minimum,
      max: kind.maximum > most ? most : kind.maximum,
    };
    fc.assert(
      fc.property(fc.bigInt(limits), (number) => {
        for (const type of ['INT', 'DOUBLE', 'STRING'] as const)
          assert.is(roundTrip(plain(kind), type, String(number)), String(number));
      }),
    );
  }
});

test('64 bits that a number cannot hold come back as text, and are bad as an INT', () => {
  const point = plain(integer(64, false));
  assert.is(roundTrip(point, 'STRING', '18446744073709551615'), '18446744073709551615');
  const text = toText(point, 'INT', 18_446_744_073_709_551_615n);
  assert.not(text.ok);
  assert.match((text as { reason: string }).reason, /needs more than 53 bits; make the property a STRING/);
});

test('with scale and offset a value comes back within half a step, and what came back comes back the same', () => {
  const scales = fc.constantFrom(0.001, 0.01, 0.1, 0.25, 0.5, 2, 10, -0.1, 1 / 3);
  fc.assert(
    fc.property(
      scales,
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.integer({ min: -32_768, max: 32_767 }),
      (scale, offset, raw) => {
        const point: Conversion = { raw: integer(16, true), scale, offset };
        const shown = toText(point, 'DOUBLE', raw);
        assert.ok(shown.ok);
        const again = toRaw(point, 'DOUBLE', parsed('DOUBLE', shown.text));
        assert.ok(again.ok);
        assert.is(again.raw, raw);
        const between = Number(shown.text) + scale * 0.4;
        const near = toRaw(point, 'DOUBLE', between);
        assert.ok(near.ok ? Math.abs(Number(near.raw) - raw) <= 1 : Math.abs(raw) > 32_000);
      },
    ),
  );
});

test('binary fractions do not show: 651 tenths are 65.1', () => {
  const tenths: Conversion = { raw: integer(16, true), scale: 0.1, offset: 0 };
  for (let raw = -1_000; raw <= 1_000; raw++) {
    const text = toText(tenths, 'DOUBLE', raw);
    assert.ok(text.ok && text.text === String(raw / 10), text.ok ? text.text : text.reason);
  }
});

test('single floats come back in their own precision, in a FLOAT as short text', () => {
  const single = plain({ kind: 'float', bits: 32 });
  assert.is(roundTrip(single, 'FLOAT', '65.1'), '65.1');
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const raw = toRaw(single, 'DOUBLE', value);
      assert.ok(raw.ok && raw.raw === value);
      const text = toText(single, 'FLOAT', value);
      assert.ok(text.ok && Math.fround(Number(text.text)) === value);
    }),
  );
});

test('what does not fit is refused with what does, never cut', () => {
  const say = (point: Conversion, type: PropertyType, value: Value) => {
    const made = toRaw(point, type, value);
    assert.not(made.ok);
    return made.ok ? '' : `${made.code}: ${made.reason}`;
  };
  const uint16 = integer(16, false);
  assert.is(say(plain(uint16), 'INT', 65_536), 'OutOfRange: 65536 does not fit the device; it can hold 0 to 65535');
  assert.is(
    say({ raw: uint16, scale: -0.1, offset: 0 }, 'DOUBLE', 1),
    'OutOfRange: 1 does not fit the device; it can hold -6553.5 to 0',
  );
  assert.match(say(plain(uint16), 'STRING', 'warm'), /^WrongType: "warm" is not a number/);
  assert.match(say(plain({ kind: 'float', bits: 32 }), 'DOUBLE', 1e39), /^OutOfRange: 1e\+39 does not fit 32 bits/);
  assert.match(say(plain({ kind: 'float', bits: 64 }), 'STRING', 'NaN'), /^WrongType/);
  assert.match(say({ raw: uint16, scale: 0, offset: 0 }, 'INT', 5), /^OutOfRange: 5 cannot be scaled/);
  assert.match(say(plain({ kind: 'bit' }), 'INT', 2), /^OutOfRange: 2 does not fit one bit; it must be 0 or 1/);
  assert.match(say(plain({ kind: 'text', maxBytes: 4 }), 'STRING', 'grün!'), /takes 6 bytes, the point holds 4/);
  assert.match(say(plain({ kind: 'bytes', length: 2 }), 'BYTES', 'AAAA'), /3 bytes are given, the point holds 2/);
});

test('never throws, and a value it accepts is held exactly by the device', () => {
  const kinds = fc.constantFrom<RawKind>(
    ...integers,
    { kind: 'bit' },
    { kind: 'float', bits: 32 },
    { kind: 'float', bits: 64 },
    { kind: 'text', maxBytes: 8 },
    { kind: 'bytes', length: 8 },
  );
  const types = fc.constantFrom<PropertyType>('INT', 'FLOAT', 'DOUBLE', 'STRING', 'BOOLEAN', 'BYTES');
  const values = fc.oneof<fc.Arbitrary<Value>[]>(fc.double(), fc.integer(), fc.boolean(), fc.string({ maxLength: 12 }));
  fc.assert(
    fc.property(kinds, types, values, fc.double(), (kind, type, value, scale) => {
      const made = toRaw({ raw: kind, scale, offset: 0 }, type, value);
      if (!made.ok) return;
      if (kind.kind === 'integer') {
        const raw = BigInt(made.raw as number | bigint);
        assert.ok(raw >= kind.minimum && raw <= kind.maximum);
      } else if (kind.kind === 'float') assert.ok(Number.isFinite(made.raw));
      else if (kind.kind === 'bit') assert.type(made.raw, 'boolean');
      assert.ok(rawEquals(made.raw, made.raw));
    }),
    { numRuns: 1_000 },
  );
});

test('what a device holds and is no number is bad, with what it is', () => {
  const float = plain({ kind: 'float', bits: 32 });
  for (const raw of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const text = toText(float, 'FLOAT', raw);
    assert.not(text.ok);
    assert.match(text.ok ? '' : text.reason, /the device holds (NaN|Infinity), which is not a number/);
  }
  const word = toText(plain({ kind: 'text', maxBytes: 4 }), 'INT', 'warm');
  assert.is(word.ok ? '' : word.reason, 'the device holds "warm", not a number');
});

test('an INT is cut to whole as KubeEdge does it, a BOOLEAN is what is not 0', () => {
  assert.equal(toText({ raw: integer(16, true), scale: 0.1, offset: 0 }, 'INT', -19), { ok: true, text: '-1' });
  assert.equal(toText(plain(integer(16, false)), 'BOOLEAN', 256), { ok: true, text: 'true' });
  assert.equal(toText(plain({ kind: 'bit' }), 'INT', true), { ok: true, text: '1' });
  assert.equal(toText(plain({ kind: 'bit' }), 'FLOAT', false), { ok: true, text: '0' });
});

test('bytes are base64, and a device may pad them', () => {
  const point = plain({ kind: 'bytes', length: 4 });
  const raw = toRaw(point, 'BYTES', 'AQI=');
  assert.ok(raw.ok);
  assert.ok(rawEquals(raw.raw, new Uint8Array([1, 2, 0, 0])));
  assert.not(rawEquals(raw.raw, new Uint8Array([1, 2, 3, 0])));
  assert.equal(toText(point, 'BYTES', new Uint8Array([1, 2, 0, 0])), { ok: true, text: 'AQIAAA==' });
  assert.equal(toText(point, 'STRING', new Uint8Array([65, 66, 0, 0])), { ok: true, text: 'AB' });
});

test.run();
