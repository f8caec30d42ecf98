import { FieldError } from '@selvedge/base/errors';

/** What a Kubernetes API server answers when it cannot do as asked (metav1.Status). */
export interface Status {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: unknown;
}

/**
 * A refusal as an error: `code` is the Kubernetes reason (`NotFound`, `AlreadyExists`, `Conflict`, ...). What the server may
 * get over (429, 5xx) is `transient`; credentials and rights (401, 403) are `config`, with what to do; anything else `rejected`.
 */
export function statusError(action: string, httpCode: number, body: string): FieldError {
  const status = parseStatus(httpCode, body);
  const remedy = remedies[httpCode];
  const kind = remedy ? 'config' : httpCode === 429 || httpCode >= 500 ? 'transient' : 'rejected';
  const text = `Cannot ${action}: ${status.message ?? `HTTP ${httpCode}`}`;
  return new FieldError(remedy ? `${text}; ${remedy}` : text, {
    code: status.reason ?? `Http${httpCode}`,
    kind,
    cause: new StatusCause(status),
  });
}

const remedies: Readonly<Record<number, string>> = {
  401: 'check the credentials in the kubeconfig',
  403: "give the kubeconfig's user this right",
};

/** Carries the whole Status along; its text stands in the error already. */
class StatusCause extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(`HTTP ${status.code ?? ''} ${status.reason ?? ''}`.trim());
    this.name = 'StatusCause';
    this.status = status;
  }
}

/** The Status behind an error, when an API server sent one. */
export function statusOf(error: unknown): Status | undefined {
  return error instanceof FieldError && error.cause instanceof StatusCause ? error.cause.status : undefined;
}

export const hasReason = (error: unknown, ...reasons: readonly string[]): boolean =>
  error instanceof FieldError && reasons.includes(error.code);

function parseStatus(httpCode: number, body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'reason' in parsed) return parsed as Status;
  } catch {
    // A proxy in front of the server answers in HTML or plain text; its first words are all there is to show.
  }
  const message = `HTTP ${httpCode} "${body.slice(0, 200)}"`;
  return { status: 'Failure', code: httpCode, message, reason: defaultReason[httpCode] ?? `Http${httpCode}` };
}

const defaultReason: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
};
