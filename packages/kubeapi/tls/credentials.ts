import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError } from '@selvedge/base/errors';
import { isObject, type Json } from '../json.ts';
import { issue, type KeyPair } from './certificate.ts';

/** What the server shows and what its one user shows. */
export interface Credentials {
  readonly authority: string;
  readonly server: KeyPair;
  readonly client: KeyPair;
  readonly token: string;
}

const day = 86_400_000;
const year = 365 * day;

/**
 * The credentials kept in `dir`, made when there are none or when the certificates near their end. One file, written in
 * one piece, so that a crash never leaves half of them.
 */
export async function loadCredentials(
  dir: string,
  hosts: readonly string[],
  user: { name: string; group: string },
  now: number,
): Promise<Credentials> {
  const file = join(dir, 'credentials.json');
  const kept = existsSync(file) ? readCredentials(file) : undefined;
  if (kept !== undefined && validUntil(kept) > now + 30 * day) return kept;
  const fresh = await makeCredentials(hosts, user, now, kept?.token);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writePrivate(file, `${JSON.stringify(fresh, null, 2)}\n`);
  return fresh;
}

function validUntil(credentials: Credentials): number {
  const certificates = [credentials.authority, credentials.server.certificate, credentials.client.certificate];
  return Math.min(...certificates.map((text) => Date.parse(new X509Certificate(text).validTo)));
}

async function makeCredentials(
  hosts: readonly string[],
  user: { name: string; group: string },
  now: number,
  token: string | undefined,
): Promise<Credentials> {
  // An hour in the past: a client's clock may be behind. Years ahead: nobody renews anything on one box.
  const times = { notBefore: now - 3_600_000, notAfter: now + 10 * year };
  const { certificate, authority } = await issue({ commonName: 'selvedge-kubeapi-ca', use: 'authority', ...times });
  const server = await issue({ commonName: 'kube-apiserver', use: 'server', hosts, ...times }, authority);
  const client = await issue({ commonName: user.name, organization: user.group, use: 'client', ...times }, authority);
  // The authority's own key is forgotten: nobody can make a second user with it.
  return {
    authority: certificate,
    server: { certificate: server.certificate, key: server.key },
    client: { certificate: client.certificate, key: client.key },
    token: token ?? randomBytes(32).toString('base64url'),
  };
}

function readCredentials(file: string): Credentials {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Json;
    if (isObject(value) && typeof value.authority === 'string' && typeof value.token === 'string') {
      return value as unknown as Credentials;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  throw unreadable(file);
}

const unreadable = (file: string, cause?: unknown) =>
  configError(
    'CredentialsUnreadable',
    `Cannot read credentials "${file}": not what this program wrote; delete it to have new ones made`,
    cause,
  );

/** Writes a file that only its owner may read, whole or not at all. */
export function writePrivate(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600, flush: true });
  renameSync(temporary, file);
}
