import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import type { Registry } from '../resources/registry.ts';
import { apiVersionOf, type Resource } from '../resources/resource.ts';

const groupVersion = (group: string, version: string): JsonObject => ({
  groupVersion: apiVersionOf({ group, version }),
  version,
});

/** `/api` */
export function coreVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** `/apis` */
export function groupList(registry: Registry): JsonObject {
  const groups = registry.groups().filter((group) => group.name !== '');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(({ name, versions }) => groupFields(name, versions)),
  };
}

/** `/apis/GROUP`, or nothing when there is no such group. */
export function groupOf(registry: Registry, name: string): JsonObject | undefined {
  const group = registry.groups().find((candidate) => candidate.name === name && name !== '');
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...groupFields(group.name, group.versions) };
}

function groupFields(name: string, versions: readonly string[]): JsonObject {
  const list = versions.map((version) => groupVersion(name, version));
  return { name, versions: list, preferredVersion: list[0] ?? null };
}

/** `/api/v1` and `/apis/GROUP/VERSION`, or nothing when that is not served. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const resources = registry.of(group, version);
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: resources.flatMap(entriesOf),
  };
}

function entriesOf(resource: Resource): JsonObject[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs: [...verbs],
      ...(shortNames.length === 0 ? {} : { shortNames: [...shortNames] }),
      ...(categories.length === 0 ? {} : { categories: [...categories] }),
      ...(verbs.includes('get') ? { storageVersionHash: storageHash(resource) } : {}),
    },
    ...resource.subresources.map((sub) => ({
      name: `${plural}/${sub.name}`,
      singularName: '',
      namespaced,
      kind: sub.kind,
      verbs: [...sub.verbs],
    })),
  ];
}

/** Tells a client when the stored version of a kind changes: made of group, version and kind as they are stored. */
function storageHash({ storage, storedVersion, kind }: Resource): string {
  const [group = ''] = storage.split('/');
  const text = `${group}/${storedVersion}/${kind}`;
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}

/** `/api` and `/apis` in one answer each, with all resources: `APIGroupDiscoveryList` of apidiscovery.k8s.io/v2. */
export function aggregated(registry: Registry, core: boolean): JsonObject {
  const groups = registry.groups().filter((group) => (group.name === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map((version) => ({
        version,
        resources: registry.of(name, version).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResource(resource: Resource): JsonObject {
  const { kind, shortNames, categories, subresources } = resource;
  // The original names group and version of custom kinds only, as it does in the older form of discovery.
  const { group, version } = resource.custom === undefined ? { group: '', version: '' } : resource;
  return {
    resource: resource.plural,
    responseKind: { group, version, kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: [...resource.verbs],
    ...(shortNames.length === 0 ? {} : { shortNames: [...shortNames] }),
    ...(categories.length === 0 ? {} : { categories: [...categories] }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: { group, version, kind: sub.kind },
            verbs: [...sub.verbs],
          })),
        }),
  };
}
