/** Lines that differ, with two lines around each: `-` only in `wanted`, `+` only in `got`. Empty when equal. */
export function lineDiff(wanted: string, got: string): string {
  const left = wanted.split('\n');
  const right = got.split('\n');
  const lengths = commonLengths(left, right);
  const lines: { mark: ' ' | '-' | '+'; text: string }[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push({ mark: ' ', text: left[i] ?? '' });
      i += 1;
      j += 1;
    } else if (j >= right.length || (i < left.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      lines.push({ mark: '-', text: left[i] ?? '' });
      i += 1;
    } else {
      lines.push({ mark: '+', text: right[j] ?? '' });
      j += 1;
    }
  }
  const near = (index: number) => lines.slice(Math.max(0, index - 2), index + 3).some(({ mark }) => mark !== ' ');
  return lines
    .filter((_line, index) => near(index))
    .map(({ mark, text }) => `${mark} ${text}`)
    .join('\n');
}

const at = (table: number[][], i: number, j: number): number => table[i]?.[j] ?? 0;

/** `table[i][j]`: length of the longest common subsequence of `left` from i and `right` from j. */
function commonLengths(left: readonly string[], right: readonly string[]): number[][] {
  const table: number[][] = Array.from({ length: left.length + 1 }, () => []);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    const row = table[i] ?? [];
    for (let j = right.length - 1; j >= 0; j -= 1) {
      row[j] = left[i] === right[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}
