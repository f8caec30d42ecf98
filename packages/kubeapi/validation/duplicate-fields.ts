/** Text of a JSON string, a sign of its structure, or a scalar. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

interface Frame {
  /** Where the value stands, such as `spec.ports[0]`. */
  readonly path: string;
  /** The keys seen; undefined in a list. */
  readonly keys: Set<string> | undefined;
  key: string;
  index: number;
}

/**
 * Paths of the members that an object of a JSON text has more than once, which JSON.parse hides by taking the last.
 * @param text  valid JSON
 */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const stack: Frame[] = [];
  let expectsKey = false;
  const here = (): string => {
    const frame = stack.at(-1);
    if (frame === undefined) return '';
    if (frame.keys === undefined) return `${frame.path}[${frame.index}]`;
    return frame.path === '' ? frame.key : `${frame.path}.${frame.key}`;
  };
  for (const [part] of text.matchAll(token)) {
    const frame = stack.at(-1);
    if (part === '{') {
      stack.push({ path: here(), keys: new Set(), key: '', index: 0 });
      expectsKey = true;
    } else if (part === '[') {
      stack.push({ path: here(), keys: undefined, key: '', index: 0 });
    } else if (part === '}' || part === ']') {
      stack.pop();
      expectsKey = false;
    } else if (part === ',' && frame !== undefined) {
      frame.index += 1;
      expectsKey = frame.keys !== undefined;
    } else if (expectsKey && frame?.keys !== undefined) {
      frame.key = JSON.parse(part) as string;
      if (frame.keys.has(frame.key)) found.push(here());
      frame.keys.add(frame.key);
      expectsKey = false;
    }
  }
  return [...new Set(found)];
}
