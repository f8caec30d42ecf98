import type { JsonObject } from '../json.ts';
import { invalidValue, notSupported } from '../objects/causes.ts';
import type { FieldValidation, WriteContext } from '../objects/context.ts';
import { doubledFields } from './body.ts';
import type { ApiRequest } from './request.ts';
import { invalidOption } from './status.ts';

const optionKinds = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};

/** What the query says about a write. @throws StatusError 422 for a value that there is not */
export function contextOf(request: ApiRequest, options: JsonObject = {}): WriteContext {
  const { query, method } = request;
  const kind = optionKinds[method as keyof typeof optionKinds];
  const fromBody = Array.isArray(options.dryRun) ? options.dryRun.map(String) : [];
  const dryRun = [...query.getAll('dryRun').filter((value) => value !== ''), ...fromBody];
  if (dryRun.some((value) => value !== 'All')) {
    throw invalidOption(kind, notSupported('dryRun', dryRun, ['All']));
  }
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(validation)) {
    throw invalidOption(kind, notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  return {
    user: request.user,
    manager: managerOf(request, kind),
    dryRun: dryRun.length > 0,
    fieldValidation: validation === '' ? 'Warn' : (validation as FieldValidation),
    duplicates: validation === 'Ignore' ? [] : doubledFields(request),
    warnings: request.warnings,
  };
}

const maxManagerBytes = 128;

/** The field manager that the client names, else the first word of its user agent. */
function managerOf({ query, userAgent }: ApiRequest, kind: string): string {
  const named = query.get('fieldManager') ?? '';
  if (Buffer.byteLength(named) > maxManagerBytes) {
    const message = `Too long: may not be more than ${maxManagerBytes} bytes`;
    throw invalidOption(kind, { field: 'fieldManager', reason: 'FieldValueTooLong', message });
  }
  if (/\p{Cc}/u.test(named)) {
    throw invalidOption(kind, invalidValue('fieldManager', named, 'should only contain printable characters'));
  }
  return named || (userAgent.split('/')[0] ?? '').slice(0, maxManagerBytes) || 'unknown';
}
