import type { Sample } from '@selvedge/contract/sample';
import { toText } from './convert.ts';
import type { Point, Reading } from './driver.ts';
import type { ServedPoint } from './prepare.ts';

const maxReason = 1_024;

/** A reading as a sample of its property. A reading that is missing, or no value of the property's type, is bad. Pure. */
export function sampleOf<Address>(
  { property, point }: ServedPoint<Address>,
  reading: Reading | undefined,
  at: number,
  acked: Sample['acked'],
): Sample {
  const base = { property: point.name, at, ...(acked ? { acked } : {}) };
  const bad = (reason: string): Sample => ({ ...base, quality: 'bad', reason: reason.slice(0, maxReason) });
  if (reading?.raw === undefined) return bad(reading?.reason ?? 'the device gave no value');
  const text = toText(point, property.type, reading.raw);
  if (!text.ok) return bad(text.reason);
  const reason = reading.reason === undefined ? {} : { reason: reading.reason.slice(0, maxReason) };
  return { ...base, value: text.text, quality: reading.quality, ...reason };
}

/**
 * Samples that say only why there is no value. Pure.
 * @param acked  the newest revision of a point that the device had acknowledged by then: without it a sample of a point that was
 *   written counts as one from before the write
 */
export function badSamples(
  points: readonly Pick<Point<unknown>, 'name'>[],
  acked: (name: string) => Sample['acked'],
  reason: string,
  at: number,
): Sample[] {
  return points.map(({ name }) => {
    const revision = acked(name);
    const because = { reason: reason.slice(0, maxReason), at };
    return { property: name, quality: 'bad', ...because, ...(revision ? { acked: revision } : {}) };
  });
}
