import type { Scenario } from '../action.ts';
import { http } from '../http.ts';
import { configMap, pump } from '../pumps.ts';

const pumps = '/apis/plant.example.com/v1/namespaces/replace/pumps';
const north = { apiVersion: 'plant.example.com/v1', kind: 'Pump', metadata: { name: 'north' }, spec: { flow: 1 } };

export const replace: Scenario = {
  name: 'replace',
  files: {
    'pump.yaml': pump('north', '{flow: 10, tag: aa-1}'),
    'pump-changed.yaml': pump('north', '{flow: 20}'),
    'pump-status.yaml': `${pump('north', '{flow: 99}')}status: {running: true, flow: 3}\n`,
    'pump-missing.yaml': pump('missing', '{flow: 20}'),
    'map.yaml': configMap('one', '{a: "1"}'),
    'map-changed.yaml': configMap('one', '{b: "1"}'),
  },
  actions: [
    { name: 'create', kubectl: 'create -f pump.yaml -f map.yaml' },
    { name: 'a custom object', kubectl: 'replace -f pump-changed.yaml' },
    {
      name: 'it has no more than it was given',
      kubectl: "get pump north -o jsonpath='{.spec} {.metadata.generation}'",
    },
    { name: 'the same again', kubectl: 'replace -f pump-changed.yaml' },
    { name: 'with a status', kubectl: 'replace -f pump-status.yaml' },
    { name: 'the status was left out', kubectl: "get pump north -o jsonpath='{.spec.flow} {.status}'" },
    { name: 'the status only', kubectl: 'replace --subresource=status -f pump-status.yaml' },
    {
      name: 'the spec was left out',
      kubectl: "get pump north -o jsonpath='{.spec.flow} {.status} {.metadata.generation}'",
    },
    { name: 'what is missing', kubectl: 'replace -f pump-missing.yaml' },
    { name: 'by force', kubectl: 'replace --force -f map-changed.yaml' },
    { name: 'by force what is missing', kubectl: 'replace --force -f pump-missing.yaml' },
    { name: 'dry', kubectl: 'replace --dry-run=server -f map.yaml' },
    { name: 'it has not changed', kubectl: 'get configmap one -o jsonpath={.data}' },
    {
      name: 'without a version, by hand',
      call: ({ config }) => http(config, { method: 'PUT', path: `${pumps}/north`, body: north }),
    },
    {
      name: 'with another name than in the path',
      call: ({ config }) => http(config, { method: 'PUT', path: `${pumps}/south`, body: north }),
    },
    {
      name: 'with another uid',
      restrict: {
        reason: 'the message names a key in etcd',
        keep: (output) => output.replace(/("north\\*"): .*"/, '$1: ..."'),
      },
      call: ({ config }) => {
        const uid = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
        const body = { ...north, metadata: { name: 'north', uid, resourceVersion: '1' } };
        return http(config, { method: 'PUT', path: `${pumps}/north`, body });
      },
    },
    {
      name: 'with another kind',
      call: ({ config }) => http(config, { method: 'PUT', path: `${pumps}/north`, body: { ...north, kind: 'Motor' } }),
    },
    {
      name: 'with another namespace',
      call: ({ config }) => {
        const body = { ...north, metadata: { name: 'north', namespace: 'default' } };
        return http(config, { method: 'PUT', path: `${pumps}/north`, body });
      },
    },
    {
      name: 'what is missing, by hand',
      call: ({ config }) => {
        const body = { ...north, metadata: { name: 'nobody', resourceVersion: '1' } };
        return http(config, { method: 'PUT', path: `${pumps}/nobody`, body });
      },
    },
  ],
};
