import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Point } from './driver.ts';
import type { ServedPoint } from './prepare.ts';
import { badSamples, sampleOf } from './sampling.ts';
import { resolved } from './testing/test-bed.ts';

const test = suite('samples');

const [property] = resolved({ name: 'one' }).properties;
const point: Point<number> = {
  ...{ name: 'p', address: 0, scale: 1, offset: 0 },
  raw: { kind: 'integer', minimum: 0n, maximum: 65_535n },
};
const served = { property, point } as ServedPoint<number>;
const acked = { uid: 'u', generation: 3, local: 0 };

test('a reading becomes the value in the text form of its type, with what was acknowledged before it', () => {
  assert.equal(sampleOf(served, { raw: 7, quality: 'good' }, 1_000, acked), {
    ...{ property: 'p', value: '7', quality: 'good', at: 1_000 },
    acked,
  });
});

test('a doubt of the driver is handed on, with its reason', () => {
  const { value, quality, reason } = sampleOf(served, { raw: 7, quality: 'uncertain', reason: 'old' }, 1, undefined);
  assert.equal([value, quality, reason], ['7', 'uncertain', 'old']);
});

test('no reading, no raw value, or one that is no value of the type: bad, with the reason and without a value', () => {
  const reasons = [
    sampleOf(served, undefined, 1, undefined),
    sampleOf(served, { quality: 'bad', reason: 'short answer' }, 1, undefined),
    sampleOf(served, { raw: Number.NaN, quality: 'good' }, 1, undefined),
  ].map((sample) => {
    assert.is(sample.quality, 'bad');
    assert.not('value' in sample);
    assert.not('acked' in sample);
    return sample.reason;
  });
  assert.equal(reasons, ['the device gave no value', 'short answer', 'the device holds NaN, which is not a number']);
});

test('reasons are never longer than their topic allows', () => {
  const long = 'x'.repeat(5_000);
  assert.is(badSamples([point], () => undefined, long, 1)[0]?.reason?.length, 1_024);
  assert.is(sampleOf(served, { quality: 'bad', reason: long }, 1, undefined).reason?.length, 1_024);
});

test.run();
