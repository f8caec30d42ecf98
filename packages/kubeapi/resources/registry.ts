import type { JsonObject } from '../json.ts';
import { builtinResources, reviewResources } from './builtin.ts';
import { resourcesOf } from './custom.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import { compareVersions } from './versions.ts';

/** A group with its versions, the preferred one first. */
export interface Group {
  readonly name: string;
  readonly versions: readonly string[];
}

/** Which resources are served right now: the built-in ones and those of established CustomResourceDefinitions. */
export class Registry {
  readonly #resources = new Map<string, Resource>();
  readonly #ofDefinition = new Map<string, Resource[]>();
  #generation = 0;

  constructor() {
    for (const resource of [...builtinResources, ...reviewResources]) this.#resources.set(keyOf(resource), resource);
  }

  /** Grows whenever what is served changes; a cheap key for answers made from the whole registry. */
  get generation(): number {
    return this.#generation;
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#resources.get(`${group}/${version}/${plural}`);
  }

  /** A built-in resource, which is always there. */
  require(group: string, version: string, plural: string): Resource {
    const resource = this.find(group, version, plural);
    if (resource === undefined) throw new Error(`${plural} is no built-in resource`);
    return resource;
  }

  /** Serves (again) what the definition says. Called with every state of an established CustomResourceDefinition. */
  define(definition: JsonObject): void {
    const name = String((definition.metadata as JsonObject).name);
    this.undefine(name);
    const resources = resourcesOf(definition);
    for (const resource of resources) this.#resources.set(keyOf(resource), resource);
    this.#ofDefinition.set(name, resources);
    this.#generation += 1;
  }

  undefine(name: string): void {
    for (const resource of this.#ofDefinition.get(name) ?? []) this.#resources.delete(keyOf(resource));
    this.#ofDefinition.delete(name);
    this.#generation += 1;
  }

  all(): Resource[] {
    return [...this.#resources.values()];
  }

  /** One resource for each kind of stored object, whatever the number of its versions. */
  stored(): Resource[] {
    const byStorage = new Map<string, Resource>();
    for (const resource of this.#resources.values()) {
      if (resource.verbs.includes('get') && !byStorage.has(resource.storage)) byStorage.set(resource.storage, resource);
    }
    return [...byStorage.values()];
  }

  /** The resources of one group and version; empty when nothing is served there. */
  of(group: string, version: string): Resource[] {
    return this.all().filter((resource) => resource.group === group && resource.version === version);
  }

  groups(): Group[] {
    const versions = new Map<string, string[]>();
    for (const { group, version } of this.#resources.values()) {
      const known = versions.get(group) ?? [];
      if (!known.includes(version)) known.push(version);
      versions.set(group, known);
    }
    return [...versions].map(([name, list]) => ({ name, versions: list.sort(compareVersions) }));
  }

  /** The resource behind an owner reference or an object's own apiVersion and kind. */
  ofKind(apiVersion: string, kind: string): Resource | undefined {
    return this.all().find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);
  }
}

const keyOf = (resource: Resource): string => `${resource.group}/${resource.version}/${resource.plural}`;
