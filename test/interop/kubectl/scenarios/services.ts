import type { Scenario } from '../action.ts';

export const services: Scenario = {
  name: 'services',
  files: {
    'headless.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: {name: headless}\nspec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n',
    'bad.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {clusterIP: None, ports: [{port: 70000}]}\n',
  },
  actions: [
    { name: 'accounts that are there', kubectl: 'get serviceaccounts' },
    { name: 'create an account', kubectl: 'create serviceaccount robot' },
    { name: 'the account as it is kept', kubectl: 'get serviceaccount robot -o yaml' },
    { name: 'describe the account', kubectl: 'describe serviceaccount robot' },
    { name: 'list accounts', kubectl: 'get serviceaccounts' },
    { name: 'delete the account', kubectl: 'delete serviceaccount robot' },
    { name: 'create a service without an address', kubectl: 'create -f headless.yaml' },
    { name: 'the service as it is kept', kubectl: 'get service headless -o yaml' },
    { name: 'create an external name', kubectl: 'create service externalname far --external-name=example.com' },
    { name: 'list services', kubectl: 'get services' },
    { name: 'list services, wide', kubectl: 'get services -o wide' },
    { name: 'a service with a bad port', kubectl: 'create -f bad.yaml' },
    { name: 'a service of another type', kubectl: 'patch service headless -p \'{"spec":{"type":"Nonsense"}}\'' },
    { name: 'delete services', kubectl: 'delete services --all' },
  ],
};
