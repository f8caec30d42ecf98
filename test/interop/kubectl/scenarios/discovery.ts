import type { Restriction, Scenario } from '../action.ts';
import { http } from '../http.ts';
import { pumpGroup } from '../pumps.ts';

/** What one box needs; a whole cluster has more. */
const servedGroups = ['apiextensions.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io', 'coordination.k8s.io'];
servedGroups.push('events.k8s.io', pumpGroup);
const servedKinds = ['Namespace', 'Node', 'Pod', 'ConfigMap', 'Secret', 'Event', 'Service', 'ServiceAccount'];

const versions = [...servedGroups.map((group) => `${group}/v1`), `${pumpGroup}/v1beta1`, 'v1'];

const onlyServed = 'the real server has more groups and kinds';

const keptLines = (words: readonly string[]): Restriction => ({
  reason: onlyServed,
  keep: (output) =>
    output
      .split('\n')
      // Columns are as wide as the longest name, which is one of those left out.
      .map((line) => line.replaceAll(/ +/g, ' '))
      .filter((line) => words.some((word) => line.split(/[ /]/).includes(word) || line.endsWith(`.${word}`)))
      .join('\n'),
});

interface Resource {
  readonly name: string;
  readonly kind: string;
}

/** Of a resource list or group list: what is served here, in the real server's order. */
const keptJson: Restriction = {
  reason: onlyServed,
  keep: (output) => {
    const list = JSON.parse(output) as { resources?: Resource[]; groups?: { name: string }[] };
    // Subresources that only a node agent or a scheduler asks for.
    const wanted = ({ name, kind }: Resource) => servedKinds.includes(kind) && /^[a-z]+(\/status)?$/.test(name);
    return JSON.stringify(
      {
        ...list,
        ...(list.resources === undefined ? {} : { resources: list.resources.filter(wanted) }),
        ...(list.groups === undefined
          ? {}
          : { groups: list.groups.filter(({ name }) => servedGroups.includes(name)).sort(byName) }),
      },
      null,
      1,
    );
  },
};

const byName = (left: { name: string }, right: { name: string }) => (left.name < right.name ? -1 : 1);

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface AggregatedResource {
  readonly resource: string;
  readonly subresources?: readonly { readonly subresource: string }[];
}

interface GroupDiscovery {
  readonly metadata?: { readonly name?: string };
  readonly versions: readonly { readonly resources?: readonly AggregatedResource[] }[];
}

export const discovery: Scenario = {
  name: 'discovery',
  actions: [
    {
      name: 'versions of the API',
      kubectl: 'api-versions',
      restrict: {
        reason: onlyServed,
        keep: (output) =>
          output
            .split('\n')
            .filter((line) => versions.includes(line))
            .join('\n'),
      },
    },
    {
      name: 'kinds of the core group',
      kubectl: "api-resources --api-group=''",
      restrict: keptLines(servedKinds),
    },
    { name: 'kinds of a custom group', kubectl: `api-resources --api-group=${pumpGroup}` },
    { name: 'kinds of a custom group, wide', kubectl: `api-resources --api-group=${pumpGroup} -o wide` },
    { name: 'kinds of a custom group, names', kubectl: `api-resources --api-group=${pumpGroup} -o name` },
    { name: 'kind of custom resource definitions', kubectl: 'api-resources --api-group=apiextensions.k8s.io' },
    { name: 'kind of events', kubectl: 'api-resources --api-group=events.k8s.io -o wide' },
    { name: 'kinds of a category', kubectl: 'api-resources --categories=plant' },
    {
      name: 'kinds that can be patched, sorted by kind',
      kubectl: 'api-resources --verbs=patch,watch --sort-by=kind -o name',
      restrict: keptLines(['namespaces', 'nodes', 'pods', 'configmaps', 'secrets', 'pumps.plant.example.com']),
    },
    { name: 'kinds outside namespaces', kubectl: 'api-resources --namespaced=false', restrict: keptLines(servedKinds) },
    { name: 'kinds of a group that is not there', kubectl: 'api-resources --api-group=nothing.example.com' },
    {
      name: 'core versions',
      kubectl: 'get --raw /api',
      restrict: {
        reason: "the address is the machine's own",
        keep: (output) => JSON.stringify((JSON.parse(output) as { versions: unknown }).versions),
      },
    },
    { name: 'groups', kubectl: 'get --raw /apis', restrict: keptJson },
    { name: 'resources of the core group', kubectl: 'get --raw /api/v1', restrict: keptJson },
    { name: 'a custom group', kubectl: `get --raw /apis/${pumpGroup}` },
    { name: 'resources of a custom group', kubectl: `get --raw /apis/${pumpGroup}/v1` },
    { name: 'resources of apiextensions', kubectl: 'get --raw /apis/apiextensions.k8s.io/v1' },
    { name: 'resources of events', kubectl: 'get --raw /apis/events.k8s.io/v1' },
    { name: 'resources of a group that is not there', kubectl: 'get --raw /apis/nothing.example.com/v1' },
    {
      name: 'aggregated discovery of groups',
      restrict: { reason: onlyServed, keep: (output) => output },
      call: async ({ config }) => {
        const answer = await http(config, { path: '/apis', headers: { accept: aggregated } });
        const { items, ...list } = answer.body as { items: GroupDiscovery[] };
        const custom = items.filter(({ metadata }) => metadata?.name === pumpGroup);
        return { ...answer, body: { ...list, items: custom } };
      },
    },
    {
      name: 'aggregated discovery of the core group',
      restrict: { reason: onlyServed, keep: (output) => output },
      call: async ({ config }) => {
        const answer = await http(config, { path: '/api', headers: { accept: aggregated } });
        const { items } = answer.body as { items: GroupDiscovery[] };
        const resources = items[0]?.versions[0]?.resources ?? [];
        const wanted = ['configmaps', 'namespaces', 'nodes', 'secrets'];
        // A proxy to a node's agent is not offered where there is none.
        const found = resources
          .filter(({ resource }) => wanted.includes(resource))
          .map(({ subresources, ...rest }) => ({
            ...rest,
            subresources: subresources?.filter(({ subresource }) => subresource === 'status'),
          }));
        return { type: answer.contentType, found };
      },
    },
    { name: 'is alive', kubectl: 'get --raw /livez' },
    { name: 'is ready', kubectl: 'get --raw /readyz' },
    { name: 'is healthy', kubectl: 'get --raw /healthz' },
    {
      name: 'version',
      kubectl: 'get --raw /version',
      restrict: {
        reason: 'versions differ; that the answer has the members a client reads is compared',
        keep: (output) => {
          const version = JSON.parse(output) as Record<string, string>;
          return ['major', 'minor', 'gitVersion', 'platform'].map((key) => `${key} ${typeof version[key]}`).join('\n');
        },
      },
    },
    { name: 'a path that is not there', kubectl: 'get --raw /nothing' },
    { name: 'a short name', kubectl: 'get pm' },
    { name: 'a name with version and group', kubectl: `get pumps.v1.${pumpGroup}` },
    { name: 'a deprecated version', kubectl: `get pumps.v1beta1.${pumpGroup}` },
    { name: 'a category', kubectl: 'get plant' },
    { name: 'a kind that is not there', kubectl: 'get windmills' },
    { name: 'a group that is not there', kubectl: 'get windmills.nothing.example.com' },
  ],
};
