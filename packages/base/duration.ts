/**
 * A length of time in milliseconds. Branded, so that a bare number cannot be passed by mistake: build one with
 * {@link millis}, {@link seconds}, {@link minutes} or {@link hours}.
 */
export type Duration = number & { readonly __unit: 'ms' };

export const millis = (value: number): Duration => value as Duration;
export const seconds = (value: number): Duration => (value * 1_000) as Duration;
export const minutes = (value: number): Duration => (value * 60_000) as Duration;
export const hours = (value: number): Duration => (value * 3_600_000) as Duration;

/** Kubernetes' short age form, as kubectl prints it: `45s`, `3m12s`, `5h`, `2d`. */
export function formatAge(duration: Duration): string {
  const total = Math.max(0, Math.floor(duration / 1_000));
  if (total < 120) return `${total}s`;
  const wholeMinutes = Math.floor(total / 60);
  if (wholeMinutes < 10) return total % 60 === 0 ? `${wholeMinutes}m` : `${wholeMinutes}m${total % 60}s`;
  if (wholeMinutes < 180) return `${wholeMinutes}m`;
  const wholeHours = Math.floor(wholeMinutes / 60);
  if (wholeHours < 48) return `${wholeHours}h`;
  return `${Math.floor(wholeHours / 24)}d`;
}
