import type { Scenario } from '../action.ts';
import { http } from '../http.ts';

export const auth: Scenario = {
  name: 'auth',
  actions: [
    { name: 'may I get', kubectl: 'auth can-i get pumps' },
    { name: 'may I do everything', kubectl: "auth can-i '*' '*'" },
    { name: 'may I write the status', kubectl: 'auth can-i patch pumps --subresource=status' },
    { name: 'may I, of a kind that is not there', kubectl: 'auth can-i get windmills' },
    {
      name: 'who am I',
      kubectl: 'auth whoami -o json',
      restrict: {
        reason: 'the names of users differ; that one is named, with the group of administrators, is compared',
        keep: (output) => {
          const review = JSON.parse(output) as {
            kind: string;
            status: { userInfo: { username: string; groups: string[] } };
          };
          const { username, groups } = review.status.userInfo;
          return `${review.kind} ${typeof username} ${groups.filter((group) => group.startsWith('system:')).sort()}`;
        },
      },
    },
    {
      name: 'a wrong token',
      call: async ({ config }) => {
        config.users = [{ name: config.users[0]?.name ?? '', token: 'wrong' }];
        return http(config, { path: '/api/v1/namespaces' });
      },
    },
  ],
};
