import { getKey, isObject, type Json } from '../json.ts';

type Step = (values: readonly Json[]) => Json[];

/** A path such as `.status.conditions[?(@.type=="Ready")].status`, ready to be asked of many objects. */
export type JsonPath = (object: Json) => Json[];

const maxLength = 1_000;

/**
 * Compiles the part of Kubernetes' JSONPath that printer columns use: keys (plain, `\.` escaped, quoted in brackets), indexes,
 * slices, `*`, and filters that compare one path with one literal.
 * @throws Error naming what cannot be read
 */
export function compileJsonPath(path: string): JsonPath {
  if (path.length > maxLength) throw new Error(`a JSON path has at most ${maxLength} characters`);
  const steps: Step[] = [];
  let rest = path.trim();
  if (rest.startsWith('{') && rest.endsWith('}')) rest = rest.slice(1, -1);
  if (rest.startsWith('$') || rest.startsWith('@')) rest = rest.slice(1);
  while (rest !== '') {
    const { step, length } = readStep(rest);
    if (length === 0) throw new Error(`cannot read JSON path "${path}" at "${rest}"`);
    steps.push(step);
    rest = rest.slice(length);
  }
  return (object) => steps.reduce<Json[]>((values, step) => step(values), [object]);
}

function readStep(rest: string): { step: Step; length: number } {
  const dotted = /^\.?((?:\\.|[^.[\]\\])+)/.exec(rest);
  if (rest.startsWith('.') && rest[1] === '[') return { step: (values) => [...values], length: 1 };
  if (rest.startsWith('.') && rest.length === 1) return { step: (values) => [...values], length: 1 };
  if (!rest.startsWith('[') && dotted !== null) {
    const name = (dotted[1] ?? '').replace(/\\(.)/g, '$1');
    return { step: name === '*' ? wildcard : key(name), length: dotted[0].length };
  }
  const filter = /^\[\?\((.+?)\)\]/.exec(rest);
  if (filter !== null) return { step: filterOf(filter[1] ?? ''), length: filter[0].length };
  const bracket = /^\[\s*(?:'((?:\\.|[^'])*)'|"((?:\\.|[^"])*)"|(\*)|(-?\d*)(:)?(-?\d*))\s*\]/.exec(rest);
  if (bracket === null) return { step: wildcard, length: 0 };
  const quoted = bracket[1] ?? bracket[2];
  if (quoted !== undefined) return { step: key(quoted.replace(/\\(.)/g, '$1')), length: bracket[0].length };
  if (bracket[3] !== undefined) return { step: wildcard, length: bracket[0].length };
  const [from, to] = [bracket[4] ?? '', bracket[6] ?? ''];
  if (bracket[5] !== undefined) return { step: slice(from, to), length: bracket[0].length };
  return { step: index(Number(from)), length: bracket[0].length };
}

const key =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => {
      const found = isObject(value) ? getKey(value, name) : undefined;
      return found === undefined ? [] : [found];
    });

const wildcard: Step = (values) =>
  values.flatMap((value) => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []));

const index =
  (position: number): Step =>
  (values) =>
    values.flatMap((value) =>
      Array.isArray(value) ? value.slice(position, position === -1 ? undefined : position + 1) : [],
    );

const slice =
  (from: string, to: string): Step =>
  (values) =>
    values.flatMap((value) =>
      Array.isArray(value) ? value.slice(from === '' ? 0 : Number(from), to === '' ? undefined : Number(to)) : [],
    );

function filterOf(condition: string): Step {
  const match = /^\s*(@[^=!<>]*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?$/.exec(condition);
  if (match === null) throw new Error(`cannot read the filter "${condition}" of a JSON path`);
  const read = compileJsonPath(match[1] ?? '@');
  const wanted = match[3] === undefined ? undefined : literal(match[3]);
  const passes = (element: Json): boolean => {
    const [value] = read(element);
    if (wanted === undefined) return value !== undefined;
    return value !== undefined && compare(value, match[2] ?? '==', wanted);
  };
  return (values) => values.flatMap((value) => (Array.isArray(value) ? value.filter(passes) : []));
}

function literal(text: string): Json {
  const quoted = /^'(.*)'$|^"(.*)"$/s.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function compare(left: Json, operator: string, right: Json): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    default: {
      if (typeof left !== typeof right || typeof left === 'object' || typeof right === 'object') return false;
      if (operator === '<') return left < right;
      if (operator === '<=') return left <= right;
      if (operator === '>') return left > right;
      return left >= right;
    }
  }
}
