/** One field of a protocol buffer message, encoded. Empty if it has no value; readers then take the default. */
export type Field = Uint8Array;

const none = new Uint8Array();
const utf8 = new TextEncoder();

/** Protocol Buffers encoding, "base 128 varints": seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

/** A message inside a field; fields may come in any order. */
export function message(field: number, fields: readonly Field[]): Field {
  const length = fields.reduce((sum, each) => sum + each.length, 0);
  const head = [...varint(field * 8 + 2), ...varint(length)];
  return concat([Uint8Array.from(head), ...fields]);
}

/** A text; left out when undefined. */
export function text(field: number, value: string | undefined): Field {
  if (value === undefined) return none;
  const bytes = utf8.encode(value);
  return concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);
}

/** A truth value; left out when false. */
export function bool(field: number, value: boolean | undefined): Field {
  return value === true ? Uint8Array.from([...varint(field * 8), 1]) : none;
}

/** A whole number from 0 up; left out when undefined. */
export function count(field: number, value: number | undefined): Field {
  if (value === undefined) return none;
  return Uint8Array.from([...varint(field * 8), ...varint(Math.max(0, Math.floor(value)))]);
}

/** A floating-point number; left out when undefined. */
export function double(field: number, value: number | undefined): Field {
  if (value === undefined) return none;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return concat([Uint8Array.from(varint(field * 8 + 1)), bytes]);
}

/** Several fields one after the other; also a whole message that stands in no field. */
export function concat(fields: readonly Field[]): Uint8Array {
  const joined = new Uint8Array(fields.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of fields) {
    joined.set(each, at);
    at += each.length;
  }
  return joined;
}
