import type { Scenario } from '../action.ts';
import { http } from '../http.ts';
import { pump } from '../pumps.ts';

const north = '/apis/plant.example.com/v1/namespaces/subresources/pumps/north';
const merge = { 'content-type': 'application/merge-patch+json' };

export const subresources: Scenario = {
  name: 'subresources',
  files: { 'pump.yaml': pump('north', '{flow: 10}') },
  actions: [
    { name: 'create', kubectl: 'create -f pump.yaml' },
    { name: 'get the status', kubectl: 'get pump north --subresource=status -o yaml' },
    {
      name: 'patch the status',
      kubectl: 'patch pump north --subresource=status --type=merge -p \'{"status":{"flow":9}}\'',
    },
    {
      name: 'patch it again with the same',
      kubectl: 'patch pump north --subresource=status --type=merge -p \'{"status":{"flow":9}}\'',
    },
    {
      name: 'patch the status by JSON patch',
      kubectl:
        'patch pump north --subresource=status --type=json -p \'[{"op":"add","path":"/status/running","value":false}]\'',
    },
    {
      name: 'patch the status against the schema',
      kubectl: 'patch pump north --subresource=status --type=merge -p \'{"status":{"running":"perhaps"}}\'',
    },
    {
      name: 'an unknown field in the status',
      kubectl: 'patch pump north --subresource=status --type=merge -p \'{"status":{"colour":"red"}}\'',
    },
    {
      name: 'the same condition twice',
      kubectl:
        'patch pump north --subresource=status --type=merge -p \'{"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Ready","status":"False"}]}}\'',
    },
    { name: 'the generation has not moved', kubectl: 'get pump north -o jsonpath={.metadata.generation}' },
    { name: 'the table shows it', kubectl: 'get pump north' },
    {
      name: 'labels in a patch of the status',
      call: async ({ config }) => {
        const body = { metadata: { labels: { a: 'b' } }, status: { running: true } };
        const answer = await http(config, { method: 'PATCH', path: `${north}/status`, headers: merge, body });
        return answer.body;
      },
    },
    { name: 'a subresource that is not there', kubectl: 'get pump north --subresource=scale' },
    { name: 'scale what cannot be scaled', kubectl: 'scale pump north --replicas=2' },
    {
      name: 'another subresource that is not there',
      kubectl: 'get --raw /apis/plant.example.com/v1/namespaces/subresources/pumps/north/shake',
    },
    {
      name: 'the status of what is missing',
      kubectl: 'patch pump missing --subresource=status --type=merge -p \'{"status":{}}\'',
    },
    {
      name: 'the status of a kind without one',
      kubectl: "patch configmap one --subresource=status --type=merge -p '{}'",
    },
    {
      name: 'delete the status',
      call: ({ config }) => http(config, { method: 'DELETE', path: `${north}/status` }),
    },
  ],
};
