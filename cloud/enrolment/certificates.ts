import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { describeError, rejected } from '@selvedge/base/errors';
import { enrolment, nodeCommonName } from '@selvedge/contract/enrolment';

/** A certificate and its key, as KubeEdge keeps them in Secrets: certificate as DER, key as SEC 1 DER (RFC 5915). */
export interface KeyPair {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 86_400_000;
/** Clocks of gateways without a battery may be behind ours. */
const backdate = day;
const caName = 'CN=Selvedge CA, O=Selvedge';

/** A new certificate authority, valid 100 years (KubeEdge 4.1). */
export async function createAuthority(now: number): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial(),
      name: caName,
      notBefore: new Date(now - backdate),
      notAfter: new Date(now + 36_500 * day),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: Buffer.from(certificate.rawData), key: await exportKey(keys.privateKey) };
}

/** A certificate of the cloud for `hosts` (names and addresses), valid 365 days. */
export async function createServerCertificate(
  authority: KeyPair,
  hosts: readonly string[],
  now: number,
): Promise<KeyPair> {
  const keys = await newKeys();
  const names = hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host }));
  const certificate = await sign(authority, {
    subject: 'CN=Selvedge, O=Selvedge',
    publicKey: keys.publicKey,
    now,
    usage: ExtendedKeyUsage.serverAuth,
    names,
  });
  return { certificate, key: await exportKey(keys.privateKey) };
}

/**
 * A certificate for one node from its signing request (PKCS #10 DER), valid 365 days. The subject is ours to choose: what
 * else the request asks for is not given.
 * @throws rejected `InvalidRequest` when it is no request, its signature does not fit or its key is not EC P-256;
 *   `OtherNode` when its common name speaks for another node
 */
export async function signNodeRequest(authority: KeyPair, node: string, request: Buffer, now: number): Promise<Buffer> {
  const wanted = parseRequest(request);
  const curve = (wanted.publicKey.algorithm as { namedCurve?: string }).namedCurve;
  if (curve !== 'P-256') throw invalidRequest('its key must be EC P-256');
  const genuine = await wanted.verify(webcrypto).catch(() => false);
  if (!genuine) throw invalidRequest('its signature does not fit its key');
  const commonName = wanted.subjectName.getField('CN')[0] ?? '';
  if (commonName !== nodeCommonName(node)) {
    throw rejected(
      'OtherNode',
      `Cannot sign certificate request: its common name is "${commonName.slice(0, 300)}", node "${node}" gets ` +
        `"${nodeCommonName(node)}" and nothing else`,
    );
  }
  return await sign(authority, {
    subject: `CN=${nodeCommonName(node)}, O=${enrolment.organisation}`,
    publicKey: wanted.publicKey,
    now,
    usage: ExtendedKeyUsage.clientAuth,
    names: [],
  });
}

/** PEM text of a DER certificate. */
export const certificatePem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/** A stored key, for TLS. */
export const privateKey = (der: Buffer): KeyObject => createPrivateKey({ key: der, format: 'der', type: 'sec1' });

interface Leaf {
  readonly subject: string;
  readonly publicKey: Parameters<typeof SubjectKeyIdentifierExtension.create>[0];
  readonly now: number;
  readonly usage: string;
  readonly names: readonly { type: 'ip' | 'dns'; value: string }[];
}

async function sign(authority: KeyPair, leaf: Leaf): Promise<Buffer> {
  const key = privateKey(authority.key);
  const issuerKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: leaf.subject,
      issuer: new X509Certificate(new Uint8Array(authority.certificate)).subjectName,
      notBefore: new Date(leaf.now - backdate),
      notAfter: new Date(leaf.now + 365 * day),
      signingAlgorithm: algorithm,
      publicKey: leaf.publicKey,
      signingKey: await webcrypto.subtle.importKey(
        'pkcs8',
        key.export({ format: 'der', type: 'pkcs8' }),
        algorithm,
        false,
        ['sign'],
      ),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([leaf.usage]),
        await AuthorityKeyIdentifierExtension.create(
          await webcrypto.subtle.importKey('spki', issuerKey, algorithm, true, ['verify']),
          false,
          webcrypto,
        ),
        ...(leaf.names.length > 0 ? [new SubjectAlternativeNameExtension([...leaf.names])] : []),
      ],
    },
    webcrypto,
  );
  return Buffer.from(certificate.rawData);
}

function parseRequest(request: Buffer): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(new Uint8Array(request));
  } catch (error) {
    throw invalidRequest(`it is no PKCS #10 request in DER: ${describeError(error).slice(0, 200)}`);
  }
}

const invalidRequest = (reason: string) => rejected('InvalidRequest', `Cannot sign certificate request: ${reason}`);

async function newKeys() {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<Buffer> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'der', type: 'sec1' });
}

/** 127 random bits: positive, and unique without a register (RFC 5280 4.1.2.2 asks for at most 20 octets). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
