import type { JsonObject } from '../json.ts';
import { invalidValue } from '../objects/causes.ts';
import type { Cause } from '../server/status.ts';
import { entriesOf, frozenCauses, keyCauses, sizeCauses } from './data.ts';

export function configMapCauses(map: JsonObject, before: JsonObject | undefined): Cause[] {
  const binary = new Set(entriesOf(map.binaryData).map(([key]) => key));
  const twice = entriesOf(map.data).filter(([key]) => binary.has(key));
  const texts = entriesOf(map.data).map(([, text]) => Buffer.byteLength(String(text)));
  const bytes = entriesOf(map.binaryData).map(([, text]) => Buffer.byteLength(String(text), 'base64'));
  return [
    ...keyCauses('data', map.data),
    ...twice.map(([key]) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...keyCauses('binaryData', map.binaryData),
    ...sizeCauses(
      '[]',
      [...texts, ...bytes].reduce((sum, size) => sum + size, 0),
    ),
    ...frozenCauses(map, before, ['data', 'binaryData']),
  ];
}
