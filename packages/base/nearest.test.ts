import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { editDistance, nearest } from './nearest.ts';

const test = suite('nearest word');

test('edit distance is a metric on small words', () => {
  const word = fc.stringMatching(/^[abc]{0,6}$/);
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      assert.is(editDistance(a, b), editDistance(b, a));
      assert.is(editDistance(a, a), 0);
      assert.ok(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c));
    }),
  );
  assert.is(nearest('regsiter', ['register', 'offset']), 'register');
  assert.is(nearest('zzzzzz', ['register', 'offset']), undefined);
});

test('a word of any length is compared in no time, and one much longer than all is near to none', () => {
  assert.is(nearest('r'.repeat(10_000_000), ['register', 'offset']), undefined);
  assert.is(nearest('Register', ['register']), 'register');
  assert.is(nearest('', ['a', 'abc']), 'a');
});

test.run();
