/** Go's name for RFC 3339, as metav1.Time reads it: a fraction may be there. */
export const timeLayout = '2006-01-02T15:04:05Z07:00';
/** As metav1.MicroTime reads it: six digits of a second, no less. */
export const microTimeLayout = '2006-01-02T15:04:05.000000Z07:00';

const elements: readonly { readonly text: string; readonly pattern: RegExp }[] = [
  { text: '2006', pattern: /^\d{4}/ },
  { text: '-', pattern: /^-/ },
  { text: '01', pattern: /^\d\d/ },
  { text: '-', pattern: /^-/ },
  { text: '02', pattern: /^\d\d/ },
  { text: 'T', pattern: /^T/ },
  { text: '15', pattern: /^\d\d/ },
  { text: ':', pattern: /^:/ },
  { text: '04', pattern: /^\d\d/ },
  { text: ':', pattern: /^:/ },
  { text: '05', pattern: /^\d\d(?:\.\d+(?=[Z+-]))?/ },
  { text: 'Z07:00', pattern: /^(?:Z|[+-]\d\d:\d\d)/ },
];

/** Why Go would not read `value` by the layout, in its words; nothing when it would. */
export function timeProblem(value: string, layout: typeof timeLayout | typeof microTimeLayout): string | undefined {
  const problem = (why: string) => `parsing time ${JSON.stringify(value)}${why}`;
  const cannot = (rest: string, element: string) =>
    problem(` as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`);
  let rest = value;
  for (const { text, pattern } of elements) {
    const found = pattern.exec(rest);
    if (found === null) return cannot(rest, text);
    if (text === '05' && layout === microTimeLayout && !/^\d\d\.\d{6}/.test(rest))
      return cannot(rest.slice(2), '.000000');
    rest = rest.slice(found[0].length);
  }
  if (rest !== '') return problem(`: extra text: ${JSON.stringify(rest)}`);
  return Number.isNaN(Date.parse(value)) ? problem(': day out of range') : undefined;
}
