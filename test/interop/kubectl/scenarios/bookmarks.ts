import type { Scenario } from '../action.ts';
import { http, watchEvents } from '../http.ts';
import { configMap } from '../pumps.ts';

const maps = '/api/v1/namespaces/bookmarks/configmaps';

/** The real server sends a bookmark about once a minute. */
export const bookmarks: Scenario = {
  name: 'bookmarks',
  slow: true,
  files: { 'one.yaml': configMap('one', '{}') },
  actions: [
    { name: 'create', kubectl: 'create -f one.yaml' },
    {
      name: 'a watch that asks for bookmarks gets one',
      call: async ({ config }) => {
        const { body } = await http(config, { path: maps });
        const from = (body as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
        const path = `${maps}?watch=1&resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=90`;
        return watchEvents(config, path, 1, 95_000);
      },
    },
  ],
};
