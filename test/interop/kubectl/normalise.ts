/** What a run on one server says and a run on another cannot: these are the only differences that are allowed to be. */
export interface Particulars {
  readonly url: string;
  /** Working directory of the run. */
  readonly directory: string;
  /** Beginnings of names that the server completed. */
  readonly generated: readonly string[];
  /** Milliseconds since the epoch, about when the run took place. */
  readonly now: number;
}

const dayMs = 86_400_000;

/**
 * Replaces what differs between any two runs by a word for it. Shapes stay: a time with microseconds is `<microtime>`,
 * one without is `<time>`, and a time that a manifest gave (over a day away) is kept.
 */
export function normalise(text: string, { url, directory, generated, now }: Particulars): string {
  let result = text
    .replaceAll(url, 'https://<server>')
    .replaceAll(url.replace('https://', ''), '<server>')
    .replaceAll(directory, '<directory>');
  for (const prefix of generated) {
    result = result.replaceAll(new RegExp(`\\b${prefix}[a-z0-9]{5}\\b`, 'g'), `${prefix}<generated>`);
  }
  return (
    result
      .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uid>')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})/g, (all: string, fraction?: string) => {
        const at = Date.parse(all.replace(/ ([+-]\d{4})$/, '$1').replace(' ', 'T'));
        if (Math.abs(at - now) > dayMs) return all;
        return fraction === undefined ? '<time>' : '<microtime>';
      })
      // describe prints times in RFC 1123.
      .replaceAll(/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, (all) =>
        Math.abs(Date.parse(all) - now) > dayMs ? all : '<time>',
      )
      .replaceAll(/((?:"resourceVersion"|\bresourceVersion): ?)"[1-9]\d*"/g, '$1"<version>"')
      .replaceAll(/\bResource ?Version:(\s+)\d+/g, 'Resource Version:$1<version>')
      .replaceAll(/("continue": ?)"[^"]+"/g, '$1"<continue>"')
      // An age is a column of its own, and its width moves the columns after it.
      .replaceAll(/(?<=^|[\s("])(?:\d{1,2}m)?(?:\d{1,2}[sm]|1[01]\ds)(?=[\s)"]|$)( *)/gm, (_all, spaces: string) =>
        spaces === '' ? '<age>' : '<age> ',
      )
      .replaceAll(/^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ ([\w.]+):\d+\]/gm, '$1 $2]')
      .replaceAll(/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1')
      .replaceAll(/\/tmp\/kubectl[\w.]*-edit-\d+/g, '/tmp/kubectl-edit')
      // The real server walks a map: the order of what is wrong changes from run to run.
      .replaceAll(/(^\* .*\n)+/gm, (lines) => `${lines.trimEnd().split('\n').sort().join('\n')}\n`)
  );
}

/**
 * JSON in one order: the order of members has no meaning, and the real server has two of them (that of Go's types for
 * built-in kinds, the alphabet for others). Managed fields go by manager: the real server orders them by time in whole
 * seconds first, so that it depends on when a second ends. Anything but JSON is returned as it is.
 */
export function inOrder(text: string): string {
  if (!/^[{[]/.test(text)) return text;
  try {
    return JSON.stringify(ordered(JSON.parse(text)), null, 1);
  } catch {
    return text;
  }
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(
    members.map(([key, member]) => [key, ordered(key === 'managedFields' ? byManager(member) : member)]),
  );
}

function byManager(entries: unknown): unknown {
  if (!Array.isArray(entries)) return entries;
  const rank = ({ operation, manager, subresource }: Record<string, unknown>) =>
    `${operation} ${manager} ${subresource ?? ''}`;
  return [...entries].sort((left, right) => (rank(left) < rank(right) ? -1 : 1));
}
