import { isObject, type JsonObject } from '../json.ts';
import type { Resource } from '../resources/resource.ts';
import { badRequest } from '../server/status.ts';
import { labelKeyProblem, labelValueProblem } from './names.ts';

/** Whether an object is meant. `needsObject` is false when the answer needs the key alone, sparing a parse. */
export interface Selector {
  readonly everything: boolean;
  readonly matches: (object: JsonObject) => boolean;
}

export const everything: Selector = { everything: true, matches: () => true };

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

/** The most requirements in one selector. */
const maxRequirements = 100;

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>3`. @throws StatusError 400 in the original's words. */
export function labelSelector(text: string): Selector {
  const tokens = text.match(/[(),!]|==?|!=|[<>]|[^\s(),!=<>]+/g) ?? [];
  // `!=` is cut into `!` and `=` by the alternation above when it stands before a value.
  const merged = mergeNotEquals(tokens);
  const requirements: Requirement[] = [];
  let at = 0;
  const isWord = (token: string | undefined) => token !== undefined && !/^([(),!]|==?|!=|[<>])$/.test(token);
  const parseError = (found: string | undefined, expected: string) =>
    badRequest(`unable to parse requirement: found '${found ?? ''}', expected: ${expected}`);

  while (at < merged.length) {
    if (requirements.length >= maxRequirements)
      throw badRequest(`a selector has at most ${maxRequirements} requirements`);
    const negated = merged[at] === '!';
    if (negated) at += 1;
    const key = merged[at];
    if (key === undefined || !isWord(key)) throw parseError(key, "!, identifier, or 'end of string'");
    const problem = labelKeyProblem(key);
    if (problem !== undefined)
      throw badRequest(`unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: ${problem}`);
    at += 1;
    const operator = merged[at];
    if (negated || operator === undefined || operator === ',') {
      if (operator !== undefined && operator !== ',') throw parseError(operator, 'in, notin, =, ==, !=, gt, lt');
      requirements.push((labels) => Object.hasOwn(labels, key) !== negated);
    } else if (operator === 'in' || operator === 'notin') {
      if (merged[at + 1] !== '(') throw parseError(merged[at + 1], "'('");
      at += 2;
      const values = new Set<string>();
      for (; merged[at] !== ')'; at += 1) {
        const value = merged[at];
        if (value === undefined) throw parseError(value, "',', ')' or identifier");
        if (value !== ',') values.add(checkedValue(key, value));
      }
      at += 1;
      requirements.push(
        operator === 'in'
          ? (labels) => Object.hasOwn(labels, key) && values.has(labels[key] ?? '')
          : (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key] ?? ''),
      );
    } else if (['=', '==', '!='].includes(operator)) {
      at += 1;
      const value = isWord(merged[at]) ? checkedValue(key, merged[at] ?? '') : '';
      if (isWord(merged[at])) at += 1;
      else if (merged[at] !== undefined && merged[at] !== ',') throw parseError(merged[at], 'identifier');
      requirements.push(
        operator === '!='
          ? (labels) => labels[key] !== value
          : (labels) => Object.hasOwn(labels, key) && labels[key] === value,
      );
    } else if (operator === '>' || operator === '<') {
      const bound = Number(merged[at + 1]);
      if (!Number.isInteger(bound)) throw parseError(merged[at + 1], 'an integer');
      at += 2;
      requirements.push((labels) => {
        const number = Number(labels[key]);
        return Object.hasOwn(labels, key) && (operator === '>' ? number > bound : number < bound);
      });
    } else {
      throw parseError(operator, 'in, notin, =, ==, !=, gt, lt');
    }
    if (merged[at] === ',') {
      at += 1;
      if (at === merged.length) throw parseError('', "identifier after ','");
    } else if (at < merged.length) throw parseError(merged[at], "',' or 'end of string'");
  }
  if (requirements.length === 0) return everything;
  return {
    everything: false,
    matches: (object) => {
      const labels = labelsOf(object);
      return requirements.every((requirement) => requirement(labels));
    },
  };
}

function mergeNotEquals(tokens: readonly string[]): string[] {
  const result: string[] = [];
  for (const token of tokens) {
    if (token === '=' && result.at(-1) === '!') result[result.length - 1] = '!=';
    else result.push(token);
  }
  return result;
}

function checkedValue(key: string, value: string): string {
  const problem = labelValueProblem(value);
  if (problem === undefined) return value;
  throw badRequest(
    `unable to parse requirement: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`,
  );
}

function labelsOf(object: JsonObject): Record<string, string> {
  const labels = isObject(object.metadata) ? object.metadata.labels : undefined;
  return isObject(labels) ? (labels as Record<string, string>) : {};
}

/** `metadata.name=a,status.phase!=Running`. @throws StatusError 400 for a field that the resource does not offer. */
export function fieldSelector(text: string, resource: Resource): Selector {
  const terms = text.split(/(?<!\\),/).filter((term) => term !== '');
  if (terms.length === 0) return everything;
  const tests = terms.map((term) => {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    }
    const [, path = '', operator, value = ''] = match;
    const read = readerOf(path, resource);
    const wanted = value.replace(/\\([\\,=])/g, '$1');
    return (object: JsonObject) => (read(object) === wanted) === (operator !== '!=');
  });
  return { everything: false, matches: (object) => tests.every((test) => test(object)) };
}

function readerOf(path: string, resource: Resource): (object: JsonObject) => string {
  if (path === 'metadata.name') return (object) => String((object.metadata as JsonObject).name ?? '');
  if (path === 'metadata.namespace' && resource.namespaced) {
    return (object) => String((object.metadata as JsonObject).namespace ?? '');
  }
  const field = resource.selectableFields.find((candidate) => candidate.path === path);
  if (field !== undefined) return field.read;
  if (resource.custom === undefined && resource.selectableFields.length > 0) {
    throw badRequest(`field label not supported: ${path}`);
  }
  const known = resource.namespaced ? '"metadata.name", "metadata.namespace"' : '"metadata.name"';
  throw badRequest(
    resource.custom === undefined
      ? `"${path}" is not a known field selector: only ${known}`
      : `field label not supported: ${path}`,
  );
}

/** Both must match. */
export function both(a: Selector, b: Selector): Selector {
  if (a.everything) return b;
  if (b.everything) return a;
  return { everything: false, matches: (object) => a.matches(object) && b.matches(object) };
}
