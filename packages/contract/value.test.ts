import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatValue, maxValueLength, parseValue, propertyTypes } from './value.ts';

const test = suite('property values');

test('a number written as text reads back to itself', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const parsed = parseValue('DOUBLE', formatValue('DOUBLE', value));
      assert.ok(parsed.ok && (parsed.value === value || (value === 0 && parsed.value === 0)));
    }),
  );
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      assert.equal(parseValue('INT', formatValue('INT', value)), { ok: true, value: value === 0 ? 0 : value });
    }),
  );
});

test('a FLOAT has the shortest text that keeps single precision', () => {
  assert.is(formatValue('FLOAT', Math.fround(65.1)), '65.1');
  assert.is(formatValue('FLOAT', 651 * 0.1), '65.1');
  assert.is(formatValue('FLOAT', -0), '0');
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.is(Math.fround(Number(formatValue('FLOAT', value))), value === 0 ? 0 : value);
    }),
  );
});

test('text that is not a value of its type is refused with a code', () => {
  const refused = (type: (typeof propertyTypes)[number], text: string) => {
    const parsed = parseValue(type, text);
    return parsed.ok ? 'accepted' : parsed.code;
  };
  assert.is(refused('INT', 'warm'), 'NotANumber');
  assert.is(refused('INT', ''), 'NotANumber');
  assert.is(refused('INT', '0x10'), 'NotANumber');
  assert.is(refused('INT', '1.5'), 'NotAnInteger');
  assert.is(refused('INT', '9007199254740993'), 'OutOfRange');
  assert.is(refused('FLOAT', '1e39'), 'OutOfRange');
  assert.is(refused('DOUBLE', 'Infinity'), 'NotANumber');
  assert.is(refused('BOOLEAN', '1'), 'NotABoolean');
  assert.is(refused('BYTES', 'a'), 'NotBase64');
  assert.is(refused('STRING', 'x'.repeat(maxValueLength + 1)), 'TooLong');
});

test('no text makes the parser throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(...propertyTypes), fc.string(), (type, text) => {
      const parsed = parseValue(type, text);
      assert.ok(parsed.ok || parsed.reason.length > 0);
    }),
  );
});

test.run();
