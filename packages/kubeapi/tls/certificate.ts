import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organization?: string;
  /** Validity, ms since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly use: 'authority' | 'server' | 'client';
  /** Names and addresses of a server. */
  readonly hosts?: readonly string[];
}

/** Who signs. */
export interface Authority {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new P-256 key and a certificate for it, signed by `issuer` or by itself. */
export async function issue(
  request: CertificateRequest,
  issuer?: Authority,
): Promise<KeyPair & { readonly authority: Authority }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { commonName, organization } = request;
  const name = [...(organization === undefined ? [] : [{ O: [organization] }]), { CN: [commonName] }];
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: name,
      issuer: issuer?.name ?? name,
      notBefore: new Date(request.notBefore),
      notAfter: new Date(request.notAfter),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: (issuer?.keys ?? keys).privateKey,
      extensions: [
        ...extensionsOf(request),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        // RFC 5280, 4.2.1.1; clients that check strictly (Python 3.13) want it.
        ...(issuer ? [await AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey, false, webcrypto)] : []),
      ],
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(pkcs8, PemConverter.PrivateKeyTag)}\n`,
    authority: { name: certificate.subject, keys },
  };
}

function extensionsOf({ use, hosts = [] }: CertificateRequest) {
  if (use === 'authority') {
    return [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ];
  }
  const names = hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host }));
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([use === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
    ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
  ];
}

/** 127 random bits: positive, and unique without a register (RFC 5280 4.1.2.2 asks for at most 20 octets). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
