import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatToken, nodeCommonName, nodeOfCommonName, parseToken } from './enrolment.ts';

const test = suite('enrolment');

const part = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
const token = fc
  .record({
    caHash: fc.stringMatching(/^[0-9a-f]{64}$/),
    jwt: fc.tuple(part, part, part).map((parts) => parts.join('.')),
  })
  .map((one) => ({ ...one }));

test('a token is read as it was written, with white space around it as a shell leaves it', () => {
  fc.assert(
    fc.property(token, (one) => {
      assert.equal(parseToken(formatToken(one)), one);
      assert.equal(parseToken(`  ${formatToken(one)}\n`), one);
    }),
  );
});

test('a token that was cut or is none is refused, and never quoted: it may be a secret', () => {
  fc.assert(
    fc.property(token, fc.nat(), fc.string({ minLength: 20 }), (one, cut, text) => {
      const whole = formatToken(one);
      const lastDot = whole.lastIndexOf('.');
      for (const wrong of [whole.slice(0, cut % (lastDot + 1)), `x${whole}`, `${whole}.x`, text]) {
        try {
          parseToken(wrong);
          assert.unreachable(wrong);
        } catch (error) {
          assert.instance(error, FieldError);
          if (wrong.trim().length >= 20) assert.not.ok((error as Error).message.includes(wrong.trim()));
        }
      }
    }),
  );
});

test('a common name speaks for one node or for none', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (node) => assert.is(nodeOfCommonName(nodeCommonName(node)), node)),
  );
  for (const name of ['', 'system:node:', 'system:nodes:a', 'admin', ' system:node:a']) {
    assert.is(nodeOfCommonName(name), undefined);
  }
});

test.run();
