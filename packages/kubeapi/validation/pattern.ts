/** POSIX classes, which RE2 knows inside brackets and JavaScript does not. */
const classes: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/**
 * A pattern of a custom schema, which is written for Go's RE2, as JavaScript's own: flags in front, `\A`, `\z` and POSIX
 * classes are put into its words.
 * @throws SyntaxError for what JavaScript cannot read
 */
export function compilePattern(pattern: string): RegExp {
  const [, flags = '', rest = ''] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern) ?? [];
  const translated = rest
    .replace(/\[:(\w+):\]/g, (all, name: string) => classes[name] ?? all)
    .replace(/(?<=^|[^\\](?:\\\\)*)\\A/g, '^')
    .replace(/(?<=^|[^\\](?:\\\\)*)\\z/g, '$');
  try {
    return new RegExp(translated, `u${flags}`);
  } catch {
    // Go allows an escape where none is needed, such as `\-`; the mode for Unicode does not.
    return new RegExp(translated, flags);
  }
}
