/** A row of the import table: the files it speaks of, and what they may import beside their own room. */
export interface ImportRule {
  /** A folder, a file, or either with `*` for one level. */
  readonly room: string;
  /** Patterns of the same kind; `anything` allows all. */
  readonly allowed: readonly string[];
}

/** Imports of the project's own files, by file; paths relative to the project. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The rows of the table headed `| room | may import |`. @throws Error when there is none */
export function parseImportTable(markdown: string): ImportRule[] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^\| room \| may import \|/.test(line));
  if (start < 0) throw new Error('ARCHITECTURE.md has no table headed "| room | may import |"');
  const rules: ImportRule[] = [];
  for (const line of lines.slice(start + 2)) {
    const [, room, allowed] = /^\| (.+?) \| (.+?) \|$/.exec(line) ?? [];
    if (room === undefined || allowed === undefined) break;
    rules.push({ room, allowed: allowed === 'nothing' ? [] : allowed.split(', ') });
  }
  return rules;
}

/** Every import that its file's rule does not allow, as a sentence. The first rule that matches a file counts. */
export function brokenImports(rules: readonly ImportRule[], graph: ImportGraph): string[] {
  const broken: string[] = [];
  for (const [file, targets] of graph) {
    if (file.endsWith('.test.ts')) continue;
    const rule = rules.find((candidate) => matches(candidate.room, file));
    if (!rule) {
      broken.push(`${file}: no row of the import table speaks of it`);
      continue;
    }
    for (const target of targets) {
      const own = roomOf(rule.room, file) === roomOf(rule.room, target);
      if (own || rule.allowed.some((pattern) => pattern === 'anything' || matches(pattern, target))) continue;
      const allowed = rule.allowed.length > 0 ? rule.allowed.join(', ') : 'nothing';
      broken.push(`${file} imports ${target}: ${rule.room} may import ${allowed}`);
    }
  }
  return broken;
}

/** Groups of files that import each other, tests left out; each group and the list are sorted. */
export function circles(graph: ImportGraph): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  // Tarjan's strongly connected components.
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file) ?? 0, low.get(target) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group.sort());
  };
  for (const file of graph.keys()) if (!index.has(file) && !file.endsWith('.test.ts')) visit(file);
  return found.sort();
}

function matches(pattern: string, path: string): boolean {
  return roomOf(pattern, path) !== undefined;
}

/** The concrete room in which `path` lies by `pattern`, such as `gateway/bus` for `gateway/*`; undefined when it does not. */
function roomOf(pattern: string, path: string): string | undefined {
  const wanted = pattern.split('/');
  const levels = path.split('/');
  if (levels.length < wanted.length) return undefined;
  for (const [position, level] of wanted.entries()) {
    if (level !== '*' && level !== levels[position]) return undefined;
  }
  return levels.slice(0, wanted.length).join('/');
}
