import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { bits, boolean, integer, octets, oid, sequence, set, tagged, time, tlv, utf8 } from './der.ts';

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organization?: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly use: 'authority' | 'server' | 'client';
  /** Names and addresses of a server. */
  readonly hosts?: readonly string[];
}

export interface Authority {
  readonly commonName: string;
  readonly key: KeyObject;
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

/** A new P-256 key and a certificate for it, signed by `issuer` or by itself. */
export function issue(request: CertificateRequest, issuer?: Authority): KeyPair & { privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = issuer ?? { commonName: request.commonName, key: privateKey };
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) & 0x7f;
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    nameOf(signer.commonName),
    sequence(time(request.notBefore), time(request.notAfter)),
    nameOf(request.commonName, request.organization),
    spki,
    tagged(3, sequence(...extensionsOf(request, spki))),
  );
  const certificate = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, signer.key)));
  return {
    certificate: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey,
  };
}

function nameOf(commonName: string, organization?: string): Buffer {
  const part = (type: string, value: string) => set(sequence(oid(type), utf8(value)));
  return sequence(...(organization === undefined ? [] : [part('2.5.4.10', organization)]), part('2.5.4.3', commonName));
}

function extensionsOf(request: CertificateRequest, spki: Buffer): Buffer[] {
  const authority = request.use === 'authority';
  const extension = (id: string, critical: boolean, content: Buffer) =>
    sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(content));
  const extensions = [
    extension('2.5.29.19', true, authority ? sequence(boolean(true)) : sequence()),
    // keyCertSign and cRLSign for an authority, digitalSignature for the others (RFC 5280, 4.2.1.3).
    extension('2.5.29.15', true, authority ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0x80]), 7)),
    extension('2.5.29.14', false, octets(createHash('sha1').update(spki).digest())),
  ];
  if (!authority) {
    const purpose = request.use === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
    extensions.push(extension('2.5.29.37', false, sequence(oid(purpose))));
  }
  if (request.hosts !== undefined) {
    extensions.push(extension('2.5.29.17', false, sequence(...request.hosts.map(hostName))));
  }
  return extensions;
}

function hostName(host: string): Buffer {
  if (isIP(host) === 4) return tlv(0x87, Buffer.from(host.split('.').map(Number)));
  if (host === '::1') return tlv(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1])]));
  return tlv(0x82, Buffer.from(host, 'ascii'));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
