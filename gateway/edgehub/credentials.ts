import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a gateway needs to be believed by its cloud, and to believe it; PEM. */
export interface Credentials {
  readonly ca: string;
  readonly certificate: string;
  /** PKCS#8 */
  readonly key: string;
}

const files = { ca: 'ca.crt', certificate: 'node.crt', key: 'node.key' } as const;

/** The credentials in a directory, or undefined when one of the files is missing. */
export function readCredentials(folder: string): Credentials | undefined {
  try {
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    return { ca: read(files.ca), certificate: read(files.certificate), key: read(files.key) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Keeps credentials in a directory of mode 0700, files 0600. The certificate is put in place last: it makes the set whole. */
export function writeCredentials(folder: string, credentials: Credentials): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const part of ['ca', 'key', 'certificate'] as const) {
    const path = join(folder, files[part]);
    writeFileSync(`${path}.new`, credentials[part], { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

/** When the certificate ends, ms since the epoch. */
export const expiryOf = (credentials: Credentials): number =>
  Date.parse(new X509Certificate(credentials.certificate).validTo);
