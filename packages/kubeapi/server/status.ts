import type { Json, JsonObject } from '../json.ts';

/** One field that is wrong, in the words of the original: reason `FieldValueInvalid`, message `Invalid value: ...`. */
export interface Cause {
  readonly field: string;
  readonly message: string;
  readonly reason: string;
}

/** What an error speaks about: `kind` is a resource name or a kind, whichever the original says there. */
export interface StatusSubject {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** An answer that is not the object asked for. The router turns it into a Status object; texts are those of the original. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;

  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** `widgets.demo.io`, or `pods` for the group without a name. */
export function qualified(subject: { group: string; kind: string }): string {
  return subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`;
}

function detailsOf(subject: StatusSubject, causes?: readonly Cause[]): JsonObject {
  return {
    ...(subject.name === '' ? {} : { name: subject.name }),
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.kind,
    ...(causes === undefined || causes.length === 0 ? {} : { causes: causes.map(causeJson) }),
  };
}

function causeJson(cause: Cause): Json {
  return { reason: cause.reason, message: cause.message, field: cause.field };
}

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const notFound = (subject: StatusSubject): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(subject)} "${subject.name}" not found`, detailsOf(subject));

/** A path of a group that exists, for a resource that does not. */
export const noSuchResource = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (subject: StatusSubject): StatusError =>
  new StatusError(409, 'AlreadyExists', `${qualified(subject)} "${subject.name}" already exists`, detailsOf(subject));

export const conflict = (subject: StatusSubject, why: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`,
    detailsOf(subject),
  );

export const forbidden = (subject: StatusSubject, why: string, causes?: readonly Cause[]): StatusError =>
  new StatusError(
    403,
    'Forbidden',
    `${qualified(subject)} "${subject.name}" is forbidden: ${why}`,
    detailsOf(subject, causes),
  );

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** What the original says of custom resources in place of {@link methodNotAllowed}. */
export const methodNotSupported = (subject: { group: string; kind: string }, action: string): StatusError =>
  new StatusError(405, 'MethodNotAllowed', `${action} is not supported on resources of kind "${qualified(subject)}"`, {
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.kind,
  });

export const unauthorized = (): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized');

export const expired = (message: string): StatusError => new StatusError(410, 'Expired', message);

/** 422 with one line for each wrong field; the same field and message twice are said once, as the original does. */
export function invalid(subject: StatusSubject, causes: readonly Cause[]): StatusError {
  const lines = new Map<string, Cause>();
  for (const cause of causes) lines.set(`${cause.field}: ${cause.message}`, cause);
  const texts = [...lines.keys()];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new StatusError(
    422,
    'Invalid',
    `${qualified(subject)} "${subject.name}" is invalid: ${text}`,
    detailsOf(subject, [...lines.values()]),
  );
}

/** A wrong query parameter of a request with the options `kind`, such as `CreateOptions`. */
export const invalidOption = (kind: string, cause: Cause): StatusError =>
  invalid({ group: 'meta.k8s.io', kind, name: '' }, [cause]);

/** The answer to a deletion that left nothing behind. */
export function deleted(subject: StatusSubject, uid: string): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { ...detailsOf(subject), uid },
  };
}
