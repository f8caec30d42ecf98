import type { Scenario } from '../action.ts';
import { http } from '../http.ts';

const pumps = '/apis/plant.example.com/v1/namespaces/errors/pumps';
const maps = '/api/v1/namespaces/errors/configmaps';
const pump = { apiVersion: 'plant.example.com/v1', kind: 'Pump', metadata: { name: 'a' }, spec: { flow: 1 } };
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };

/** For answers that quote a parser. */
const parser = {
  reason: 'what a JSON parser says about a text is its own',
  keep: (output: string) => output.replaceAll(/json parse error: .*"/g, 'json parse error: ..."'),
};

const post = (name: string, path: string, body: unknown, headers?: Record<string, string>) => ({
  name,
  call: ({ config }: { config: Parameters<typeof http>[0] }) =>
    http(config, { method: 'POST', path, body, ...(headers === undefined ? {} : { headers }) }),
});
const call = (name: string, method: string, path: string) => ({
  name,
  call: ({ config }: { config: Parameters<typeof http>[0] }) => http(config, { method, path }),
});

export const errors: Scenario = {
  name: 'errors',
  generated: ['Bad_'],
  actions: [
    { ...post('not JSON', pumps, '{'), restrict: parser },
    { ...post('not JSON, built in', maps, '{'), restrict: parser },
    { ...post('nothing at all', pumps, ''), restrict: parser },
    { ...post('a list', pumps, []), restrict: parser },
    post('another kind', pumps, { ...pump, kind: 'Motor' }),
    post('another kind, built in', maps, { ...map, kind: 'Secret' }),
    post('another version', pumps, { ...pump, apiVersion: 'plant.example.com/v9' }),
    post('another group', pumps, { ...pump, apiVersion: 'v1' }),
    post('no kind', pumps, { ...pump, kind: undefined }),
    post('no name', pumps, { ...pump, metadata: {} }),
    post('another namespace', pumps, { ...pump, metadata: { name: 'a', namespace: 'default' } }),
    post(
      'a field twice',
      `${pumps}?fieldValidation=Strict`,
      JSON.stringify(pump).replace('"flow":1', '"flow":1,"flow":2'),
    ),
    post('a name with a slash', pumps, { ...pump, metadata: { name: 'a/b' } }),
    post('an unknown level of validation', `${pumps}?fieldValidation=Fierce`, pump),
    post('an unknown kind of dry run', `${pumps}?dryRun=Some`, pump),
    post('an unknown media type', pumps, 'flow = 1', { 'content-type': 'text/plain' }),
    post('YAML', pumps, 'apiVersion: plant.example.com/v1\nkind: Pump\nmetadata: {name: yaml}\nspec: {flow: 1}\n', {
      'content-type': 'application/yaml',
    }),
    post('a protocol buffer that is none', maps, 'text', { 'content-type': 'application/vnd.kubernetes.protobuf' }),
    call('a method that is not allowed', 'PUT', maps),
    call('an unknown resource', 'GET', '/apis/plant.example.com/v1/namespaces/errors/motors'),
    call('an unknown group', 'GET', '/apis/nothing.example.com/v1/namespaces/errors/motors'),
    call('an unknown version', 'GET', '/apis/plant.example.com/v9/namespaces/errors/pumps'),
    call('a missing object', 'GET', `${pumps}/missing`),
    call('a missing built-in object', 'GET', `${maps}/missing`),
    call('a list in a namespace that is not there', 'GET', pumps.replace('errors', 'nowhere')),
    post('creation in a namespace that is not there', pumps.replace('errors', 'nowhere'), pump),
    call('a bad label selector', 'GET', `${pumps}?labelSelector=a%3D%3D%3Db`),
    call('a bad field selector', 'GET', `${pumps}?fieldSelector=a`),
    post('a name too long', pumps, { ...pump, metadata: { name: 'a'.repeat(254) } }),
    post('a bad beginning of a name', pumps, { ...pump, metadata: { generateName: 'Bad_' } }),
    { name: 'by kubectl, a method that does not fit', kubectl: 'create --raw /api/v1/nodes/x -f -', stdin: '{}' },
    {
      name: 'by kubectl, raw creation',
      kubectl: 'create --raw /api/v1/namespaces/errors/configmaps -f -',
      stdin: JSON.stringify(map),
    },
    { name: 'by kubectl, raw deletion', kubectl: 'delete --raw /api/v1/namespaces/errors/configmaps/a' },
    { name: 'metrics that are not there', kubectl: 'top nodes' },
    { name: 'a rollout of what is none', kubectl: 'rollout status pump/a' },
  ],
};
