/**
 * What the reader of an error has to do about it; retry, breaker, condition and exit code read this, never the text.
 * - `transient`: try again with back-off
 * - `rejected`:  the other side said no; trying again changes nothing
 * - `config`:    a person must change something
 * - `bug`:       our own mistake; let the process die, its supervisor restarts it
 */
export type ErrorKind = 'transient' | 'rejected' | 'config' | 'bug';

export interface FieldErrorOptions {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly cause?: unknown;
}

/**
 * The one error class that crosses rooms. `code` is a stable CamelCase word that also serves as a condition reason.
 * Text: action, object, quoted value, colon, reason, then what to do.
 */
export class FieldError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;

  constructor(message: string, options: FieldErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FieldError';
    this.code = options.code;
    this.kind = options.kind;
  }
}

export const transient = (code: string, message: string, cause?: unknown): FieldError =>
  new FieldError(message, { code, kind: 'transient', cause });
export const rejected = (code: string, message: string, cause?: unknown): FieldError =>
  new FieldError(message, { code, kind: 'rejected', cause });
export const configError = (code: string, message: string, cause?: unknown): FieldError =>
  new FieldError(message, { code, kind: 'config', cause });
export const bug = (code: string, message: string, cause?: unknown): FieldError =>
  new FieldError(message, { code, kind: 'bug', cause });

/** The text of anything that was thrown, with its causes, in one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}

/** Exit codes of every process, after sysexits.h. */
export const exitCode = { ok: 0, usage: 64, unavailable: 69, bug: 70, config: 78 } as const;
