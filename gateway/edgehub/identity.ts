import { createPrivateKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { enrolment, nodeCommonName } from '@selvedge/contract/enrolment';
import { bitString, element, name, oid, sequence, tag } from './der.ts';

/** What a node proves itself with: PEM each. */
export interface NodeIdentity {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const files = { ca: 'ca.crt', certificate: 'node.crt', key: 'node.key' } as const;

/**
 * The identity kept in `directory`, or undefined when there is none that can be used now: none at all, another node's, expired,
 * or with a key that does not belong to it.
 */
export function loadIdentity(directory: string, node: string, now: number, log: Logger): NodeIdentity | undefined {
  try {
    const read = (file: string) => readFileSync(join(directory, file), 'utf8');
    const identity = { ca: read(files.ca), certificate: read(files.certificate), key: read(files.key) };
    const certificate = new X509Certificate(identity.certificate);
    const problem = problemOf(certificate, createPrivateKey(identity.key), node, now);
    if (problem === undefined) return identity;
    log.warn('node certificate is not usable; a new one is needed', { directory, reason: problem });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn('node certificate is unreadable; a new one is needed', { directory, error: describeError(error) });
    }
  }
  return undefined;
}

function problemOf(certificate: X509Certificate, key: KeyObject, node: string, now: number): string | undefined {
  if (!certificate.subject.split('\n').includes(`CN=${nodeCommonName(node)}`)) {
    return `it speaks for "${certificate.subject.replaceAll('\n', ', ')}", not for node "${node}"`;
  }
  if (Date.parse(certificate.validTo) <= now) return `it expired at ${certificate.validTo}`;
  return certificate.checkPrivateKey(key) ? undefined : 'its key is another one';
}

/** Writes the identity, mode 0600; the key first, so that a half-written set, whose key fits no certificate, is never taken for a whole one. */
export function saveIdentity(directory: string, identity: NodeIdentity): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const part of ['key', 'ca', 'certificate'] as const) {
    const path = join(directory, files[part]);
    writeFileSync(`${path}.new`, identity[part], { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

/** When a certificate should be renewed: between 70 % and 90 % of its life, spread so that a fleet does not come at once. */
export function renewalTime(certificatePem: string, share: number): number {
  const { validFrom, validTo } = new X509Certificate(certificatePem);
  const begin = Date.parse(validFrom);
  return begin + (Date.parse(validTo) - begin) * (0.7 + 0.2 * share);
}

export interface CertificateRequest {
  readonly der: Buffer;
  /** PEM, SEC1 as KubeEdge writes it. */
  readonly key: string;
}

/** A new key (EC P-256) and the request for a certificate of this node (PKCS #10, RFC 2986). */
export function certificateRequest(node: string): CertificateRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = name([
    ['2.5.4.10', enrolment.organisation],
    ['2.5.4.3', nodeCommonName(node)],
  ]);
  const version = element(tag.integer, Buffer.from([0]));
  const noAttributes = element(0xa0);
  const info = sequence(version, subject, publicKey.export({ type: 'spki', format: 'der' }), noAttributes);
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const signature = sign('sha256', info, privateKey);
  return {
    der: sequence(info, ecdsaWithSha256, bitString(signature)),
    key: privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
  };
}
