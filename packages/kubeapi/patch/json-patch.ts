import { FieldError, rejected } from '@selvedge/base/errors';
import fastJsonPatch, { type Operation } from 'fast-json-patch';
import { cloneJson, getKey, isObject, type Json, type JsonObject } from '../json.ts';

/** More operations than this in one patch are refused; the original's bound. */
export const maxOperations = 10_000;

/** What all `copy` operations of one patch may add, in characters of JSON. Doubling copies would grow without end. */
export const maxCopiedLength = 3 * 1024 * 1024;

const kinds = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;

/**
 * Applies a JSON patch (RFC 6902). Pure: the target is not changed.
 *
 * Two habits of the original are kept: `replace` of a missing key adds it, and an index may count back from the end.
 * @throws FieldError `BadRequest` if the patch is no list of operations, `RequestEntityTooLarge` if it is too long,
 *   `Invalid` if an operation does not apply. Kubernetes tells the client only that much; `cause` says what and where.
 */
export function jsonPatch(target: Json, patch: Json): Json {
  const operations = decode(patch);
  const copies = { length: 0 };
  let document = cloneJson(target);
  operations.forEach((operation, index) => {
    try {
      document = applyOne(document, operation, copies);
    } catch (error) {
      if (error instanceof FieldError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const where = new Error(`operation ${index} (${String(operation.op)} "${String(operation.path)}"): ${reason}`);
      throw rejected('Invalid', 'the server rejected our request due to an error in our request', where);
    }
  });
  return document;
}

function decode(patch: Json): JsonObject[] {
  if (!Array.isArray(patch)) {
    throw rejected('BadRequest', 'error decoding patch: a JSON patch is a list of operations');
  }
  if (patch.length > maxOperations) {
    const bound = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw rejected('RequestEntityTooLarge', bound);
  }
  return patch.map((operation) => {
    if (isObject(operation)) return operation;
    throw rejected('BadRequest', 'error decoding patch: each operation of a JSON patch is an object');
  });
}

function applyOne(document: Json, operation: JsonObject, copies: { length: number }): Json {
  const op = kinds.find((kind) => kind === operation.op);
  if (op === undefined) throw new Error(`there is no such operation; use one of ${kinds.join(', ')}`);
  const path = resolve(document, operation.path, op === 'add' || op === 'copy' || op === 'move');
  const value = operation.value ?? null;
  switch (op) {
    case 'add':
      return run(document, { op, path: path.pointer, value });
    case 'remove':
      if (!path.exists) throw new Error('there is no such key');
      return run(document, { op, path: path.pointer });
    case 'replace':
      return run(document, { op: path.inList || path.pointer === '' ? 'replace' : 'add', path: path.pointer, value });
    case 'test':
      // A missing key equals null, as in the original.
      if (!path.exists && value === null) return document;
      return run(document, { op, path: path.pointer, value });
    case 'move':
      return move(document, operation);
    case 'copy': {
      const from = resolve(document, operation.from, false);
      copies.length += JSON.stringify(from.value ?? null).length;
      if (copies.length > maxCopiedLength) throw new Error(`copies add more than ${maxCopiedLength} characters`);
      return run(document, { op: 'add', path: path.pointer, value: cloneJson(from.value ?? null) });
    }
  }
}

function move(document: Json, operation: JsonObject): Json {
  const from = resolve(document, operation.from, false);
  if (!from.exists) throw new Error(`there is no "${from.pointer}" to move`);
  const without = run(document, { op: 'remove', path: from.pointer });
  // Resolved again: an index may mean another element now, and a value cannot move into itself.
  const to = resolve(without, operation.path, true);
  return run(without, { op: 'add', path: to.pointer, value: from.value ?? null });
}

function run(document: Json, operation: Operation): Json {
  return fastJsonPatch.applyOperation(document, operation, false, true, true).newDocument as Json;
}

interface Place {
  /** The pointer with every index counted from the start. */
  readonly pointer: string;
  readonly inList: boolean;
  readonly exists: boolean;
  readonly value: Json | undefined;
}

function resolve(document: Json, pointer: Json | undefined, inserting: boolean): Place {
  if (typeof pointer !== 'string') throw new Error('a path is missing or no string');
  if (pointer === '') return { pointer, inList: false, exists: true, value: document };
  const [root, ...tokens] = pointer.split('/');
  if (root !== '') throw new Error(`path "${pointer}" does not begin with "/"`);
  let value: Json | undefined = document;
  let inList = false;
  const normal: string[] = [];
  tokens.forEach((token, depth) => {
    const last = depth === tokens.length - 1;
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) {
      inList = true;
      const at = indexIn(value, key, inserting && last);
      normal.push(String(at));
      value = value[at];
    } else if (isObject(value)) {
      inList = false;
      normal.push(token);
      value = getKey(value, key);
    } else {
      throw new Error(`path "${pointer}" leads through "${tokens[depth - 1]}", which is missing or has no children`);
    }
  });
  return { pointer: `/${normal.join('/')}`, inList, exists: value !== undefined, value };
}

function indexIn(list: Json[], key: string, inserting: boolean): number {
  if (inserting && key === '-') return list.length;
  if (!/^[+-]?\d+$/.test(key)) throw new Error(`"${key}" is no index of a list`);
  const size = list.length + (inserting ? 1 : 0);
  const index = Number(key) < 0 ? size + Number(key) : Number(key);
  if (index < 0 || index >= size) throw new Error(`index ${key} is outside a list of ${list.length}`);
  return index;
}
