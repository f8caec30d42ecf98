import { createHmac, timingSafeEqual } from 'node:crypto';
import { rejected } from '@selvedge/base/errors';

/** Longest JWT that is looked at. */
const maxTokenLength = 2_048;
const header = encode({ alg: 'HS256', typ: 'JWT' });

/**
 * A JWT (RFC 7519) signed with HMAC-SHA256 whose one claim is `exp`, as KubeEdge's join tokens are.
 * @param expires  ms since the epoch
 */
export function signToken(key: Buffer, expires: number): string {
  const signed = `${header}.${encode({ exp: Math.floor(expires / 1_000) })}`;
  return `${signed}.${signature(key, signed)}`;
}

/**
 * Passes when `token` was signed with `key` and has not expired.
 * @throws rejected `InvalidToken`, `TokenExpired`; the token itself is never quoted
 */
export function verifyToken(key: Buffer, token: string, now: number): void {
  const [head = '', claims = '', sign = '', ...rest] = token.length > maxTokenLength ? [] : token.split('.');
  const expected = signature(key, `${head}.${claims}`);
  const genuine = sign.length === expected.length && timingSafeEqual(Buffer.from(sign), Buffer.from(expected));
  // The algorithm is ours to choose, never the token's: a header that names another one is refused.
  if (!genuine || rest.length > 0 || field(head, 'alg') !== 'HS256') {
    throw rejected(
      'InvalidToken',
      'Cannot accept token: it was not made by this cloud; print one with `selvedge token`',
    );
  }
  const expires = tokenExpiry(token);
  if (expires === undefined || expires <= now) {
    throw rejected('TokenExpired', 'Cannot accept token: it has expired; print a new one with `selvedge token`');
  }
}

/** When a token expires, ms since the epoch, without looking at its signature; undefined when it does not say. */
export function tokenExpiry(token: string): number | undefined {
  const expires = field(token.split('.')[1] ?? '', 'exp');
  return typeof expires === 'number' ? expires * 1_000 : undefined;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function field(part: string, name: string): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}

const signature = (key: Buffer, signed: string): string => createHmac('sha256', key).update(signed).digest('base64url');
