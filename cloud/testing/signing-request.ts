import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A PKCS #10 request (RFC 2986) written byte by byte: the tests' own, so that no mistake of a library is on both sides. */
export function signingRequest(commonName: string, options: { curve?: string } = {}): { der: Buffer; key: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: options.curve ?? 'P-256' });
  const name = sequence(attribute('550403', commonName), attribute('55040a', 'system:nodes'));
  const info = sequence(
    tlv(0x02, Buffer.from([0])),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa0, Buffer.alloc(0)),
  );
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', info, privateKey)]));
  return { der: sequence(info, ecdsaWithSha256, signature), key: privateKey };
}

const attribute = (type: string, value: string): Buffer =>
  tlv(0x31, sequence(oid(type), tlv(0x0c, Buffer.from(value, 'utf8'))));

const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));

const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}
