/** The smallest value that at least `share` of the values do not exceed (nearest rank). NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  readonly met: boolean;
  /** What one has to know to read the figure. */
  readonly note?: string;
}

/** A figure of times in ms, as `p50 / p99`. */
export function latency(
  what: string,
  values: readonly number[],
  wanted: { p50?: number; p99: number },
  note?: string,
): Figure {
  const [p50, p99] = [percentile(values, 0.5), percentile(values, 0.99)];
  return {
    what,
    measured: `${p50.toFixed(1)} / ${p99.toFixed(1)} ms (p50 / p99, n=${values.length})`,
    wanted: `<= ${wanted.p50 === undefined ? '' : `${wanted.p50} / `}${wanted.p99} ms`,
    met: (wanted.p50 === undefined || p50 <= wanted.p50) && p99 <= wanted.p99,
    ...(note === undefined ? {} : { note }),
  };
}

/** Figures as a Markdown table. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, measured, wanted, met, note }) => {
    return `| ${what}${note === undefined ? '' : ` (${note})`} | ${measured} | ${wanted} | ${met ? 'yes' : 'no'} |`;
  });
  return ['| what | measured | wanted | met |', '|---|---|---|---|', ...rows].join('\n');
}
