import { readFileSync } from 'node:fs';
import { getKey, isObject, type Json, type JsonObject } from './json.ts';
import { schemaFor } from './openapi/builtin.ts';
import { customSchema } from './openapi/custom.ts';
import type { GroupVersionKind, Schema } from './openapi/schema.ts';

/** One file of recorded cases: what a real API server answered, step by step. Written by testcases-record.ts. */
export interface TestCases {
  readonly kind: Kind;
  /** Present if the kind is a custom one. */
  readonly crd?: Json;
  readonly cases: readonly TestCase[];
}

/** A kind and where its objects are found. */
export type Kind = GroupVersionKind & { readonly plural: string; readonly clusterScoped?: boolean };

export interface TestCase {
  readonly description: string;
  /** If it differs from the file's. */
  readonly kind?: Kind;
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly verb: 'create' | 'update' | 'json' | 'merge' | 'strategic' | 'apply';
  readonly manager: string;
  readonly force?: boolean;
  readonly subresource?: string;
  readonly body: Json;
  answer?: Answer;
}

export type Answer = { object: JsonObject } | { code: Json; reason: Json; message: Json; causes?: Json };

/** Reads a file of cases below this folder. */
export function readCases(path: string): TestCases {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as TestCases;
}

/** The schema of the kind that a file of cases is about. */
export function schemaOf({ crd }: TestCases, kind: Kind): Schema {
  if (crd === undefined) {
    const schema = kind.kind === 'PodTemplate' ? podTemplateSchema() : schemaFor(kind);
    if (schema === undefined) throw new Error(`no schema for ${kind.kind}`);
    return schema;
  }
  const { spec } = crd as { spec?: { versions?: { schema?: { openAPIV3Schema?: Schema } }[] } };
  return customSchema(spec?.versions?.[0]?.schema?.openAPIV3Schema ?? {});
}

/** We serve no PodTemplate, but it is the kind in which all of a pod's spec can be changed. */
function podTemplateSchema(): Schema {
  const pod = schemaFor({ group: '', version: 'v1', kind: 'Pod' });
  const { apiVersion = {}, kind = {}, metadata = {}, spec = {} } = pod?.properties ?? {};
  const template: Schema = { type: 'object', properties: { metadata, spec } };
  const builtIn = [{ group: '', version: 'v1', kind: 'PodTemplate' }];
  const templated = { ...template, default: {} };
  return {
    type: 'object',
    properties: { apiVersion, kind, metadata, template: templated },
    'x-kubernetes-group-version-kind': builtIn,
  };
}

/** The path of all objects of a kind in one namespace. */
export function pathOf(kind: Kind, namespace: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  return kind.clusterScoped === true ? `${root}/${kind.plural}` : `${root}/namespaces/${namespace}/${kind.plural}`;
}

export const groupVersion = (kind: GroupVersionKind): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;

/** The time that tests use for a step. */
export const stepTime = (step: number): string => `2026-01-01T00:00:${String(step).padStart(2, '0')}Z`;

/** An object without what differs from run to run. */
export function scrub(object: JsonObject, timeOf: (time: string) => string = (time) => time): JsonObject {
  const metadata = getKey(object, 'metadata');
  if (!isObject(metadata)) return object;
  const {
    uid: _uid,
    resourceVersion: _version,
    creationTimestamp: _created,
    generation: _generation,
    ...kept
  } = metadata;
  if (Array.isArray(kept.managedFields)) {
    kept.managedFields = kept.managedFields.map((entry) =>
      isObject(entry) && typeof entry.time === 'string' ? { ...entry, time: timeOf(entry.time) } : entry,
    );
  }
  return { ...object, metadata: kept };
}
