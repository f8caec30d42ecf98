import type { Scenario } from '../action.ts';
import { http } from '../http.ts';
import { configMap } from '../pumps.ts';

const maps = '/api/v1/namespaces/owners/configmaps';

/** A child whose owner is a live config map, whose uid has to be asked for. */
const child = (name: string, owner: string, reference: Record<string, unknown> = {}) => ({
  name: `${name}, owned by ${owner}`,
  call: async ({ config }: { config: Parameters<typeof http>[0] }) => {
    const found = await http(config, { path: `${maps}/${owner}` });
    const { uid } = (found.body as { metadata: { uid: string } }).metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid, ...reference }];
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ownerReferences } };
    const made = await http(config, { method: 'POST', path: maps, body });
    return made.body;
  },
});

const gone = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

export const owners: Scenario = {
  name: 'owners',
  files: {
    'all.yaml': ['a', 'b', 'c', 'd'].map((name) => configMap(name, '{}')).join('---\n'),
    'orphan.yaml': configMap(
      'lost',
      '{}',
      `ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: nobody, uid: ${gone}}]`,
    ),
    'bad.yaml': configMap('bad', '{}', 'ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: a}]'),
    'two.yaml': configMap(
      'two',
      '{}',
      `ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: a, uid: ${gone}, controller: true}, {apiVersion: v1, kind: ConfigMap, name: b, uid: ${gone.replace('aaaa', 'bbbb')}, controller: true}]`,
    ),
  },
  actions: [
    { name: 'create owners', kubectl: 'create -f all.yaml' },
    child('a-child', 'a'),
    child('a-grandchild', 'a-child'),
    { name: 'delete an owner', kubectl: 'delete configmap a' },
    { name: 'its child goes', kubectl: 'wait --for=delete configmap/a-child --timeout=20s' },
    { name: 'its grandchild goes', kubectl: 'wait --for=delete configmap/a-grandchild --timeout=20s' },
    child('b-child', 'b'),
    { name: 'delete an owner, not its children', kubectl: 'delete configmap b --cascade=orphan' },
    { name: 'its child stays, owned by nobody', kubectl: 'get configmap b-child -o yaml' },
    child('c-child', 'c', { blockOwnerDeletion: true }),
    { name: 'delete an owner after its children', kubectl: 'delete configmap c --cascade=foreground' },
    { name: 'both are gone', kubectl: 'get configmaps c c-child' },
    { name: 'an owner that is not there', kubectl: 'create -f orphan.yaml' },
    { name: 'what it owns goes', kubectl: 'wait --for=delete configmap/lost --timeout=20s' },
    { name: 'an owner without a uid', kubectl: 'create -f bad.yaml' },
    { name: 'two owners in control', kubectl: 'create -f two.yaml' },
    { name: 'what is left', kubectl: 'get configmaps' },
  ],
};
