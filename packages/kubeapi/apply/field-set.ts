import { rejected } from '@selvedge/base/errors';
import { isObject, type Json, type JsonObject, setKey } from '../json.ts';
import { compareElements, type Path, type PathElement, parseElement } from './path-element.ts';

/** Field sets nested deeper than this are refused; no schema comes near it. */
export const maxDepth = 200;

/**
 * A set of fields of one object. A field can be a member without its parent being one, and the other way round:
 * who owns `.data` owns that the map is there, not what others put into it.
 *
 * Immutable; build one with {@link FieldSetBuilder}. Invariant: no child set is empty.
 */
export class FieldSet {
  static readonly empty = new FieldSet(new Set(), new Map());

  readonly members: ReadonlySet<PathElement>;
  readonly children: ReadonlyMap<PathElement, FieldSet>;

  constructor(members: ReadonlySet<PathElement>, children: ReadonlyMap<PathElement, FieldSet>) {
    this.members = members;
    this.children = children;
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.children.size === 0;
  }

  has(path: Path): boolean {
    const [first, ...rest] = path;
    if (first === undefined) return false;
    return rest.length === 0 ? this.members.has(first) : (this.children.get(first)?.has(rest) ?? false);
  }

  /** The part below one element, its own membership left out. */
  below(element: PathElement): FieldSet {
    return this.children.get(element) ?? FieldSet.empty;
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    const children = new Map(this.children);
    for (const [element, child] of other.children) children.set(element, this.below(element).union(child));
    return new FieldSet(new Set([...this.members, ...other.members]), children);
  }

  intersection(other: FieldSet): FieldSet {
    const members = [...this.members].filter((element) => other.members.has(element));
    return new FieldSet(
      new Set(members),
      this.mapChildren((element, child) => child.intersection(other.below(element))),
    );
  }

  /** The fields that are members here and not there. Taking a parent away leaves its children. */
  difference(other: FieldSet): FieldSet {
    const members = [...this.members].filter((element) => !other.members.has(element));
    return new FieldSet(
      new Set(members),
      this.mapChildren((element, child) => child.difference(other.below(element))),
    );
  }

  /** The fields that are neither members there nor below one. */
  outside(other: FieldSet): FieldSet {
    const members = [...this.members].filter((element) => !other.members.has(element));
    const children = this.mapChildren((element, child) =>
      other.members.has(element) ? FieldSet.empty : child.outside(other.below(element)),
    );
    return new FieldSet(new Set(members), children);
  }

  /** Every member's path: those at one level first, then those below, each in the original's order. */
  paths(prefix: Path = []): Path[] {
    const own = [...this.members].sort(compareElements).map((element) => [...prefix, element]);
    const below = [...this.children.keys()].sort(compareElements);
    return [...own, ...below.flatMap((element) => this.below(element).paths([...prefix, element]))];
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).isEmpty && other.difference(this).isEmpty;
  }

  /** The set as it stands in `managedFields[].fieldsV1`. */
  toFieldsV1(): JsonObject {
    const fields: JsonObject = {};
    for (const element of [...new Set([...this.members, ...this.children.keys()])].sort(compareElements)) {
      const below = this.below(element).toFieldsV1();
      const both = this.members.has(element) && this.children.has(element);
      setKey(fields, element, both ? { '.': {}, ...below } : below);
    }
    return fields;
  }

  private mapChildren(change: (element: PathElement, child: FieldSet) => FieldSet): Map<PathElement, FieldSet> {
    const kept = new Map<PathElement, FieldSet>();
    for (const [element, child] of this.children) {
      const changed = change(element, child);
      if (!changed.isEmpty) kept.set(element, changed);
    }
    return kept;
  }
}

/** Collects paths into a {@link FieldSet}. */
export class FieldSetBuilder {
  readonly #members = new Set<PathElement>();
  readonly #children = new Map<PathElement, FieldSetBuilder>();

  /** Adds one field, without its parents. The empty path is the object itself, which nobody owns. */
  insert(path: Path): this {
    const [first, ...rest] = path;
    if (first === undefined) return this;
    if (rest.length === 0) {
      this.#members.add(first);
      return this;
    }
    let child = this.#children.get(first);
    if (child === undefined) {
      child = new FieldSetBuilder();
      this.#children.set(first, child);
    }
    child.insert(rest);
    return this;
  }

  build(): FieldSet {
    return new FieldSet(
      new Set(this.#members),
      new Map([...this.#children].map(([element, child]) => [element, child.build()])),
    );
  }
}

/**
 * Reads `fieldsV1`.
 * @throws FieldError `BadRequest` if it is malformed or too deep.
 */
export function parseFieldsV1(fields: Json, depth = 0): FieldSet {
  if (depth > maxDepth) throw rejected('BadRequest', `managedFields are nested deeper than ${maxDepth}`);
  const members = new Set<PathElement>();
  const children = new Map<PathElement, FieldSet>();
  for (const [key, below] of Object.entries(isObject(fields) ? fields : {})) {
    if (key === '.') continue;
    const element = parse(key);
    if (element === undefined) continue;
    const child = parseFieldsV1(below, depth + 1);
    // An empty object marks a leaf; "." marks a field that is owned together with some of its children.
    if (child.isEmpty || (isObject(below) && Object.hasOwn(below, '.'))) members.add(element);
    if (!child.isEmpty) children.set(element, child);
  }
  return new FieldSet(members, children);
}

function parse(key: string): PathElement | undefined {
  try {
    return parseElement(key);
  } catch (error) {
    throw rejected('BadRequest', `Cannot read managedFields: "${key}" is no path element`, error);
  }
}
