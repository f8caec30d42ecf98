import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAge, seconds } from './duration.ts';

const test = suite('durations');

test("ages read as kubectl's", () => {
  const [minute, hour, day] = [60, 3_600, 86_400];
  // Both sides of each threshold of apimachinery's HumanDuration.
  const ages: [number, string][] = [
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [130, '2m10s'],
    [10 * minute - 1, '9m59s'],
    [10 * minute + 30, '10m'],
    [3 * hour - 1, '179m'],
    [3 * hour, '3h'],
    [5 * hour + 30 * minute, '5h30m'],
    [8 * hour + 30 * minute, '8h'],
    [2 * day - 1, '47h'],
    [2 * day, '2d'],
    [7 * day + 23 * hour, '7d23h'],
    [8 * day + 5 * hour, '8d'],
    [730 * day - 1, '729d'],
    [730 * day, '2y'],
    [800 * day, '2y70d'],
    [8 * 365 * day + 3 * day, '8y'],
  ];
  for (const [age, text] of ages) assert.is(formatAge(seconds(age)), text, `${age} s`);
  assert.is(formatAge(seconds(-5)), '0s');
});

test.run();
