import { FieldError } from '@selvedge/base/errors';
import type { JsonObject } from '../json.ts';
import { StatusError } from './status.ts';

/** An answer of known length. */
export interface Reply {
  readonly code: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export const json = (value: JsonObject, code = 200): Reply => jsonText(JSON.stringify(value), code);

export const jsonText = (body: string, code = 200): Reply => ({ code, type: 'application/json', body });

export const text = (body: string, code = 200): Reply => ({ code, type: 'text/plain; charset=utf-8', body });

/** What the original's mux says of a path that nobody serves. */
export const pageNotFound = (): Reply => text('404 page not found\n', 404);

/**
 * Any failure as an answer. What passes by itself, such as a disk that is full, says why; anything else that is no StatusError is
 * our own mistake and is told as such, without its insides.
 */
export function replyTo(error: unknown): Reply {
  if (error instanceof StatusError) {
    const retry = error.details?.retryAfterSeconds;
    return {
      ...json(error.toStatus(), error.code),
      ...(typeof retry === 'number' ? { headers: { 'retry-after': String(retry) } } : {}),
    };
  }
  const why = error instanceof FieldError && error.kind === 'transient' ? error.message : 'see the log of the server';
  return json(new StatusError(500, 'InternalError', `Internal error occurred: ${why}`).toStatus(), 500);
}

/** Whether to indent: for people at a terminal or a browser, as the original decides it. */
export function wantsIndent(query: URLSearchParams, userAgent: string): boolean {
  const asked = query.get('pretty');
  if (asked !== null) return asked === 'true' || asked === '1' || asked === '';
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
}

export function indented(body: string): string {
  return JSON.stringify(JSON.parse(body), null, 2);
}

/** `Warning: 299 - "text"`, one header value for each. */
export function warningHeaders(warnings: readonly string[]): string[] {
  return [...new Set(warnings)].map((warning) => {
    const clean = [...warning.replace(/[\r\n\t]+/g, ' ')].filter((character) => character >= ' ').join('');
    return `299 - "${clean.replace(/[\\"]/g, '\\$&')}"`;
  });
}
