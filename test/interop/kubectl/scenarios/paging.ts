import type { Scenario } from '../action.ts';
import { http } from '../http.ts';
import { configMap, pump } from '../pumps.ts';

interface List {
  readonly metadata: {
    readonly continue?: string;
    readonly remainingItemCount?: number;
    readonly resourceVersion?: string;
  };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

const maps = '/api/v1/namespaces/paging/configmaps';
const page = ({ metadata, items }: List) => ({
  names: items.map((item) => item.metadata.name),
  more: metadata.continue !== undefined,
  remaining: metadata.remainingItemCount,
});
const asTable = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
const withoutDescriptions = {
  reason: 'descriptions of the built-in columns are not copied',
  keep: (output: string) => output.replaceAll(/("description": )".*"/g, '$1"..."'),
};

export const paging: Scenario = {
  name: 'paging',
  files: {
    'all.yaml': [...'abcdefg'].map((name) => configMap(name, '{}', 'labels: {seen: "1"}')).join('---\n'),
    'pumps.yaml': [pump('north', '{flow: 1.5}'), pump('south', '{flow: 2}')].join('---\n'),
  },
  actions: [
    { name: 'create', kubectl: 'create -f all.yaml -f pumps.yaml' },
    {
      name: 'page by page, while something changes',
      call: async ({ config }) => {
        const first = (await http(config, { path: `${maps}?limit=3` })).body as List;
        await http(config, { method: 'DELETE', path: `${maps}/d` });
        const more = encodeURIComponent(first.metadata.continue ?? '');
        const second = (await http(config, { path: `${maps}?limit=3&continue=${more}` })).body as List;
        const rest = encodeURIComponent(second.metadata.continue ?? '');
        const third = (await http(config, { path: `${maps}?limit=3&continue=${rest}` })).body as List;
        const sameVersion = first.metadata.resourceVersion === third.metadata.resourceVersion;
        return { first: page(first), second: page(second), third: page(third), sameVersion };
      },
    },
    {
      name: 'pages of a selection',
      call: async ({ config }) => {
        const first = (await http(config, { path: `${maps}?limit=2&labelSelector=seen%3D1` })).body as List;
        return page(first);
      },
    },
    {
      name: 'something that is no continuation',
      restrict: {
        reason: 'what a JSON parser says about a text is its own',
        keep: (output) => output.replace(/(continue key is not valid): .*"/, '$1: ..."'),
      },
      call: ({ config }) => http(config, { path: `${maps}?limit=2&continue=nonsense` }),
    },
    { name: 'a limit that is none', call: ({ config }) => http(config, { path: `${maps}?limit=many` }) },
    {
      name: 'the empty rest',
      call: async ({ config }) => page((await http(config, { path: `${maps}?limit=500` })).body as List),
    },
    {
      name: 'any version',
      call: async ({ config }) => page((await http(config, { path: `${maps}?resourceVersion=0` })).body as List),
    },
    {
      name: 'a version that is still to come',
      restrict: {
        reason: 'the message names the present version',
        keep: (output) => output.replaceAll(/current: \d+/g, 'current: <version>'),
      },
      call: ({ config }) => http(config, { path: `${maps}?resourceVersion=999999999` }),
    },
    {
      name: 'a bad match of versions',
      call: ({ config }) => http(config, { path: `${maps}?resourceVersionMatch=Sometimes` }),
    },
    {
      name: 'table of custom objects',
      call: ({ config }) =>
        http(config, { path: '/apis/plant.example.com/v1/namespaces/paging/pumps?limit=1', headers: asTable }),
      restrict: withoutDescriptions,
    },
    {
      name: 'table of one built-in object',
      call: ({ config }) => http(config, { path: `${maps}/a`, headers: asTable }),
      restrict: withoutDescriptions,
    },
    {
      name: 'table with whole objects',
      call: async ({ config }) => {
        const path = '/apis/plant.example.com/v1/namespaces/paging/pumps/north?includeObject=Object';
        const answer = await http(config, { path, headers: asTable });
        return (answer.body as { rows: unknown }).rows;
      },
    },
    {
      name: 'only the metadata',
      call: ({ config }) => {
        const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
        return http(config, { path: '/apis/plant.example.com/v1/namespaces/paging/pumps', headers: { accept } });
      },
    },
    {
      name: 'a form that is not offered',
      restrict: {
        reason: 'the real server offers protocol buffers, and names them',
        keep: (output) => output.replace(/"message": ".*"/, '"message": "..."'),
      },
      call: ({ config }) => http(config, { path: maps, headers: { accept: 'text/plain' } }),
    },
    {
      name: 'pretty printed',
      call: async ({ config }) => {
        const answer = await http(config, { path: `${maps}/a?pretty=true`, headers: { accept: '*/*' } });
        return { status: answer.status, type: answer.contentType };
      },
    },
  ],
};
