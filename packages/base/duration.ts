/**
 * A length of time in milliseconds. Branded, so that a bare number cannot be passed by mistake: build one with
 * {@link millis}, {@link seconds}, {@link minutes} or {@link hours}.
 */
export type Duration = number & { readonly __unit: 'ms' };

export const millis = (value: number): Duration => value as Duration;
export const seconds = (value: number): Duration => (value * 1_000) as Duration;
export const minutes = (value: number): Duration => (value * 60_000) as Duration;
export const hours = (value: number): Duration => (value * 3_600_000) as Duration;

/**
 * An age as kubectl prints it: `45s`, `3m12s`, `5h30m`, `2d`. The thresholds are those of HumanDuration in
 * k8s.io/apimachinery/pkg/util/duration: a second unit is told while it matters.
 */
export function formatAge(duration: Duration): string {
  const total = Math.max(0, Math.floor(duration / 1_000));
  const [inMinutes, inHours, inDays] = [total / 60, total / 3_600, total / 86_400].map(Math.floor) as Units;
  if (total < 120) return `${total}s`;
  if (inMinutes < 10) return two(inMinutes, 'm', total % 60, 's');
  if (inMinutes < 180) return `${inMinutes}m`;
  if (inHours < 8) return two(inHours, 'h', inMinutes % 60, 'm');
  if (inHours < 48) return `${inHours}h`;
  if (inDays < 8) return two(inDays, 'd', inHours % 24, 'h');
  if (inDays < 2 * 365) return `${inDays}d`;
  const years = Math.floor(inDays / 365);
  return years < 8 ? two(years, 'y', inDays % 365, 'd') : `${years}y`;
}

type Units = [minutes: number, hours: number, days: number];

const two = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  `${large}${largeUnit}${small === 0 ? '' : `${small}${smallUnit}`}`;
