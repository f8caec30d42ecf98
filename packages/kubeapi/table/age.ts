import { formatAge, millis } from '@selvedge/base/duration';
import type { Json } from '../json.ts';

/** How long ago, as kubectl's AGE column has it. Clocks may differ by less than 2 s; a time further ahead is wrong. */
export function ago(time: Json | undefined, now: number): string {
  if (typeof time !== 'string' || time === '') return '<unknown>';
  const passed = now - Date.parse(time);
  return Number.isNaN(passed) || passed <= -2_000 ? '<invalid>' : formatAge(millis(passed));
}
