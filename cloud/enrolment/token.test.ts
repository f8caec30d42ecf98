import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signToken, tokenExpiry, verifyToken } from './token.ts';

const test = suite('join token');
const key = Buffer.from('a key that only this cloud has');
const now = Date.UTC(2026, 0, 1);

const codeOf = (run: () => void): string => {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('is accepted until it expires', () => {
  const token = signToken(key, now + 1_000);
  assert.is(
    codeOf(() => verifyToken(key, token, now)),
    'accepted',
  );
  assert.is(
    codeOf(() => verifyToken(key, token, now + 1_000)),
    'TokenExpired',
  );
  assert.is(tokenExpiry(token), now + 1_000);
});

test('made with another key, changed, cut or padded it is refused', () => {
  const token = signToken(key, now + 1_000);
  const [head = '', claims = '', sign = ''] = token.split('.');
  const later = Buffer.from(JSON.stringify({ exp: 9_999_999_999 })).toString('base64url');
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  const wrong = [
    signToken(Buffer.from('another'), now + 1_000),
    `${head}.${later}.${sign}`,
    `${none}.${claims}.`,
    `${none}.${claims}.${sign}`,
    `${token}.x`,
    token.slice(0, -1),
    '',
    '..',
    'x'.repeat(10_000),
  ];
  for (const text of wrong)
    assert.is(
      codeOf(() => verifyToken(key, text, now)),
      'InvalidToken',
      text.slice(0, 80),
    );
});

test('agrees with the example of RFC 7515, A.1, on what an HS256 signature is', () => {
  const rfcKey = Buffer.from(
    'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
    'base64url',
  );
  const token =
    'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  assert.is(
    codeOf(() => verifyToken(rfcKey, token, 1_300_819_379_000)),
    'accepted',
  );
  assert.is(
    codeOf(() => verifyToken(rfcKey, token, 1_300_819_380_000)),
    'TokenExpired',
  );
});

test.run();
