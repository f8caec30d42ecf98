import { isObject, type JsonObject } from '../json.ts';
import { invalidValue, required } from '../objects/causes.ts';
import type { Cause } from '../server/status.ts';
import { entriesOf, frozenCauses, keyCauses, sizeCauses } from './data.ts';

/** What a type asks of the data: every key of its list, or for basic-auth one of them. */
const wantedKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/basic-auth': ['username', 'password'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

/** Gives a secret its type, and moves what was sent as text to where bytes are kept: text is never read back. */
export function defaultSecret(secret: JsonObject): void {
  if ((secret.type ?? '') === '') secret.type = 'Opaque';
  const texts = entriesOf(secret.stringData);
  delete secret.stringData;
  if (texts.length === 0) return;
  const encoded = texts.map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')] as const);
  secret.data = { ...(isObject(secret.data) ? secret.data : {}), ...Object.fromEntries(encoded) };
}

export function secretCauses(secret: JsonObject, before: JsonObject | undefined): Cause[] {
  const bytes = entriesOf(secret.data).map(([, text]) => Buffer.byteLength(String(text), 'base64'));
  const changedType = before !== undefined && before.type !== secret.type;
  return [
    ...keyCauses('data', secret.data),
    ...sizeCauses(
      'data',
      bytes.reduce((sum, size) => sum + size, 0),
    ),
    ...typeCauses(secret),
    ...(changedType ? [invalidValue('type', secret.type, 'field is immutable')] : []),
    ...frozenCauses(secret, before, ['data']),
  ];
}

function typeCauses(secret: JsonObject): Cause[] {
  const type = String(secret.type);
  const keys = wantedKeys[type] ?? [];
  const present = new Set(entriesOf(secret.data).map(([key]) => key));
  const missing = keys.filter((key) => !present.has(key));
  const enough = type === 'kubernetes.io/basic-auth' && missing.length < keys.length;
  if (missing.length > 0) return enough ? [] : missing.map((key) => required(`data[${key}]`));
  const [key = ''] = keys;
  if (!key.startsWith('.docker') || isJson(String(entriesOf(secret.data).find(([name]) => name === key)?.[1])))
    return [];
  return [invalidValue(`data[${key}]`, '<secret contents redacted>', 'invalid JSON')];
}

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString());
    return true;
  } catch {
    return false;
  }
}
