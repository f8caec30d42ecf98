import { equalJson, getKey, isObject, type Json, type JsonObject, setKey } from '../json.ts';
import { compareObjects } from './compare.ts';
import { FieldSet } from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import type { Type } from './typed.ts';
import { misfits } from './validate.ts';

/** Where kubectl's client-side apply keeps what it applied. */
const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** All annotations of an object together may be this long; the original's bound. */
const maxAnnotationsLength = 256 * 1024;

/**
 * The fields that kubectl owns by an earlier client-side apply and that nobody changed since. A server-side apply by
 * kubectl may take them without asking, so that moving from one to the other meets no conflicts with oneself.
 */
export function fieldsLastApplied(live: Json, apiVersion: string, type: Type): FieldSet {
  const text = annotationsOf(live)?.[annotation];
  if (typeof text !== 'string' || text === '') return FieldSet.empty;
  const last = parse(text);
  if (!isObject(last) || last.apiVersion !== apiVersion || misfits(last, type) !== undefined) return FieldSet.empty;
  const { removed, modified, added } = compareObjects(last, live, type);
  return fieldsOf(last, type).difference(modified).difference(added).difference(removed);
}

/** Keeps that annotation in step with a server-side apply by kubectl, if the object has it. */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  const metadata = getKey(object, 'metadata');
  if (annotations === undefined || !isObject(metadata)) return object;
  const before = getKey(annotations, annotation);
  if (typeof before !== 'string' || before === '') return object;
  const value = `${JSON.stringify(sorted(withoutAnnotation(applied)))}\n`;
  const others = { ...annotations };
  delete others[annotation];
  const length = Object.entries(others).reduce((sum, [key, text]) => sum + key.length + String(text).length, 0);
  const fits = length + annotation.length + value.length <= maxAnnotationsLength;
  const next = fits ? { ...annotations, [annotation]: value } : others;
  return equalJson(next, annotations) ? object : { ...object, metadata: { ...metadata, annotations: next } };
}

function withoutAnnotation(object: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  const metadata = getKey(object, 'metadata');
  if (annotations === undefined || !isObject(metadata)) return object;
  const { [annotation]: _last, ...others } = annotations;
  return { ...object, metadata: { ...metadata, annotations: others } };
}

function annotationsOf(object: Json): JsonObject | undefined {
  const metadata = isObject(object) ? getKey(object, 'metadata') : undefined;
  const annotations = isObject(metadata) ? getKey(metadata, 'annotations') : undefined;
  return isObject(annotations) ? annotations : undefined;
}

/** Keys in order, as the original writes JSON. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const ordered: JsonObject = {};
  for (const key of Object.keys(value).sort()) setKey(ordered, key, sorted(getKey(value, key) ?? null));
  return ordered;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    // Somebody edited the annotation by hand; then it proves nothing.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
