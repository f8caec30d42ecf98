import type { Scenario } from '../action.ts';

const lease = (name: string, spec: string) =>
  `apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

const withoutObject = {
  reason: 'the message quotes the whole object, in the order of the members of a Go type',
  keepErrors: (output: string) => output.replace(/Invalid value: ".*": parsing/, 'Invalid value: <object>: parsing'),
};

export const leases: Scenario = {
  name: 'leases',
  files: {
    'one.yaml': lease(
      'one',
      '{holderIdentity: edge-1, leaseDurationSeconds: 40, renewTime: "2020-01-01T00:00:00.123456Z"}',
    ),
    'two.yaml': lease('one', '{holderIdentity: edge-2, leaseDurationSeconds: 40, leaseTransitions: 1}'),
  },
  actions: [
    { name: 'create', kubectl: 'create -f one.yaml' },
    { name: 'as it is kept', kubectl: 'get lease one -o yaml' },
    { name: 'list', kubectl: 'get leases' },
    { name: 'describe', kubectl: 'describe lease one' },
    {
      name: 'renew',
      kubectl:
        'patch lease one --type=merge -p \'{"spec":{"renewTime":"2020-01-01T00:01:00.000001Z"}}\' -o jsonpath={.spec.renewTime}',
    },
    {
      name: 'renew with a short time',
      kubectl:
        'patch lease one --type=merge -p \'{"spec":{"renewTime":"2020-01-01T00:01:00Z"}}\' -o jsonpath={.spec.renewTime}',
      restrict: withoutObject,
    },
    { name: 'hand over', kubectl: 'apply -f two.yaml' },
    {
      name: 'a time that is none',
      kubectl: 'patch lease one --type=merge -p \'{"spec":{"renewTime":"soon"}}\'',
      restrict: withoutObject,
    },
    { name: 'no duration', kubectl: 'patch lease one --type=merge -p \'{"spec":{"leaseDurationSeconds":0}}\'' },
    {
      name: 'less than no transitions',
      kubectl: 'patch lease one --type=merge -p \'{"spec":{"leaseTransitions":-1}}\'',
    },
    { name: 'delete', kubectl: 'delete lease one' },
  ],
};
