/** DER (ITU-T X.690), as much as a certificate request needs. Everything here is written, nothing from outside is parsed. */
export const tag = { integer: 0x02, bitString: 0x03, oid: 0x06, utf8String: 0x0c, sequence: 0x30, set: 0x31 } as const;

/** One element: its tag, its length, its contents one after the other. */
export function element(type: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([type]), length(body.length), body]);
}

export const sequence = (...contents: Uint8Array[]): Buffer => element(tag.sequence, ...contents);

/** X.690, 8.19: the first two arcs in one byte, each further one in base 128. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return element(tag.oid, Buffer.from(bytes));
}

export const bitString = (bytes: Uint8Array): Buffer => element(tag.bitString, Buffer.from([0]), bytes);

/** X.501 Name; each attribute in a set of its own. */
export const name = (attributes: readonly (readonly [oid: string, value: string])[]): Buffer =>
  sequence(
    ...attributes.map(([type, value]) =>
      element(tag.set, sequence(oid(type), element(tag.utf8String, Buffer.from(value, 'utf8')))),
    ),
  );

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let left = size; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}
