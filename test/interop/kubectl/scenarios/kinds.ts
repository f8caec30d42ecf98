import type { Scenario } from '../action.ts';
import { http } from '../http.ts';
import { configMap, pod, pump } from '../pumps.ts';

const create = 'create -o yaml -f -';
const object = (kind: string, name: string, body: string, apiVersion = 'v1') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\n${body}\n`;
const patch = (name: string, body: string, type = 'strategic') => `patch ${name} --type=${type} -p '${body}'`;

const containers = (main: string, more = '') =>
  `spec:\n  automountServiceAccountToken: false\n${more}  containers:\n    - {name: main, image: example.com/main, ${main}}\n`;

/** What single built-in kinds add, refuse and print, beyond what the other scenarios meet on their way. */
export const kinds: Scenario = {
  name: 'kinds',
  actions: [
    {
      name: 'a pod with probes',
      kubectl: create,
      stdin: object(
        'Pod',
        'probes',
        containers(
          'livenessProbe: {httpGet: {port: 80}}, readinessProbe: {tcpSocket: {port: web}, periodSeconds: 3}, startupProbe: {exec: {command: [a]}}',
        ),
      ),
    },
    {
      name: 'a pod with volumes',
      kubectl: create,
      stdin: object(
        'Pod',
        'volumes',
        containers(
          'volumeMounts: [{name: a, mountPath: /a}]',
          '  volumes: [{name: a, secret: {secretName: s}}, {name: b, hostPath: {path: /b}}, {name: c}, {name: d, downwardAPI: {items: [{path: x, fieldRef: {fieldPath: metadata.name}}]}}, {name: e, projected: {sources: [{configMap: {name: c}}]}}]\n',
        ),
      ),
    },
    {
      name: 'a pod with variables and limits',
      kubectl: create,
      stdin: object(
        'Pod',
        'limits',
        containers(
          'env: [{name: A, value: ""}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}], resources: {limits: {cpu: "1", memory: 64Mi}}',
        ),
      ),
    },
    {
      name: 'a pod with its own tolerations and account',
      kubectl: create,
      stdin: object(
        'Pod',
        'own',
        containers(
          'imagePullPolicy: Never',
          '  tolerations: [{operator: Exists}]\n  serviceAccountName: default\n  terminationGracePeriodSeconds: 0\n',
        ),
      ),
    },
    { name: 'a pod with a name twice', kubectl: 'create -f -', stdin: pod('twice', '    - {name: main, image: b}') },
    {
      name: 'a pod without an image',
      kubectl: 'create -f -',
      stdin: object('Pod', 'a', 'spec: {containers: [{name: a}]}'),
    },
    {
      name: 'a pod with an unknown restart policy',
      kubectl: 'create -f -',
      stdin: pod('a', '  restartPolicy: Sometimes'),
    },
    {
      name: 'a pod with a number for a name',
      kubectl: 'create -f -',
      stdin: object('Pod', 'a', 'spec: {containers: [{name: 5, image: a}]}'),
    },
    {
      name: 'a pod with a text for a list',
      kubectl: 'create -f -',
      stdin: object('Pod', 'a', 'spec: {containers: none}'),
    },
    { name: 'list of pods', kubectl: 'get pods -o wide' },
    { name: 'another image', kubectl: patch('pod own', '{"spec":{"containers":[{"name":"main","image":"b:1"}]}}') },
    { name: 'a deadline', kubectl: patch('pod own', '{"spec":{"activeDeadlineSeconds":5}}') },
    { name: 'a patch with a text for a number', kubectl: patch('pod own', '{"spec":{"activeDeadlineSeconds":"5"}}') },
    {
      name: 'a merge patch with a text for a number',
      kubectl: patch('pod own', '{"spec":{"activeDeadlineSeconds":"5"}}', 'merge'),
      restrict: {
        reason: 'the message quotes the whole object, in the order of the members of a Go type',
        keepErrors: (output) => output.replace(/Invalid value: ".*": json/, 'Invalid value: <object>: json'),
      },
    },
    { name: 'generation of a pod', kubectl: 'get pod own -o jsonpath={.metadata.generation}' },

    {
      name: 'a service with two ports',
      kubectl: create,
      stdin: object(
        'Service',
        'two',
        'spec: {clusterIP: None, selector: {a: b}, ports: [{name: a, port: 80}, {name: b, port: 81, targetPort: web, protocol: UDP}]}',
      ),
    },
    {
      name: 'a service with an external name',
      kubectl: create,
      stdin: object('Service', 'far', 'spec: {type: ExternalName, externalName: example.com}'),
    },
    {
      name: 'a service with an external name and none given',
      kubectl: 'create -f -',
      stdin: object('Service', 'a', 'spec: {type: ExternalName}'),
    },
    {
      name: 'a service with ports without names',
      kubectl: 'create -f -',
      stdin: object('Service', 'a', 'spec: {clusterIP: None, ports: [{port: 80}, {port: 81}]}'),
    },
    {
      name: 'a service with an unknown protocol',
      kubectl: 'create -f -',
      stdin: object('Service', 'a', 'spec: {clusterIP: None, ports: [{port: 80, protocol: Pigeon}]}'),
    },
    {
      name: 'a service with affinity',
      kubectl: create,
      stdin: object('Service', 'near', 'spec: {clusterIP: None, selector: {a: b}, sessionAffinity: ClientIP}'),
    },
    {
      name: 'a service with a bad name',
      kubectl: 'create -f -',
      stdin: object('Service', '1a', 'spec: {clusterIP: None}'),
    },

    {
      name: 'a secret for SSH without a key',
      kubectl: 'create -f -',
      stdin: object('Secret', 'a', 'type: kubernetes.io/ssh-auth'),
    },
    {
      name: 'a secret of a registry that is no JSON',
      kubectl: 'create -f -',
      stdin: object('Secret', 'a', 'type: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: "{"}'),
      restrict: {
        reason: 'what a JSON parser says about a text is its own',
        keepErrors: (output) => output.replace(/redacted>": .*/, 'redacted>": ...'),
      },
    },
    {
      name: 'a secret with one of two credentials',
      kubectl: create,
      stdin: object('Secret', 'half', 'type: kubernetes.io/basic-auth\nstringData: {username: me}'),
    },
    { name: 'text into a secret by patch', kubectl: `${patch('secret half', '{"stringData":{"b":"x"}}')} -o yaml` },
    {
      name: 'a config map with nulls and empties',
      kubectl: create,
      stdin: object('ConfigMap', 'bare', 'data: {a: null, b: ""}\nbinaryData: {}\nimmutable: null'),
    },
    { name: 'a key that is a dot', kubectl: 'create -f -', stdin: configMap('a', '{".": x}') },
    { name: 'a key that begins with two dots', kubectl: 'create -f -', stdin: configMap('a', '{"..x": x}') },
    {
      name: 'too much in a config map',
      call: async ({ config }) => {
        const body = { metadata: { name: 'big' }, data: { a: 'x'.repeat(1024 * 1024 + 1) } };
        return (await http(config, { method: 'POST', path: '/api/v1/namespaces/kinds/configmaps', body })).body;
      },
    },

    {
      name: 'an event of the new kind that lacks what it needs',
      kubectl: 'create -f -',
      stdin: object('Event', 'a', 'type: Normal\nreason: Seen\nregarding: {namespace: kinds}', 'events.k8s.io/v1'),
    },
    {
      name: 'an account with an unknown field',
      kubectl: 'create --validate=strict -f -',
      stdin: object('ServiceAccount', 'a', 'colour: red'),
    },
    { name: 'a lease without a spec', kubectl: create, stdin: object('Lease', 'bare', '', 'coordination.k8s.io/v1') },
    {
      name: 'a namespace with a spec of its own',
      kubectl: 'create --dry-run=server -o yaml -f -',
      stdin: object('Namespace', 'own', 'spec: {finalizers: [example.com/mine]}'),
    },

    {
      name: 'unknown metadata of a custom object, strict',
      kubectl: 'create --validate=strict -f -',
      stdin: pump('strict', '{flow: 1}', 'colour: red'),
    },
    {
      name: 'unknown metadata of a custom object, warn',
      kubectl: 'create --validate=warn -f -',
      stdin: pump('warn', '{flow: 1}', 'colour: red'),
    },
    {
      name: 'a warning beside a refusal',
      kubectl: 'create --validate=warn -f -',
      stdin: pump('warn', '{flow: 1, colour: red}'),
    },
    { name: 'a deprecated version of what is missing', kubectl: 'get pumps.v1beta1.plant.example.com missing' },
    {
      name: 'a member twice is warned of',
      call: async ({ config }) => {
        const path = '/api/v1/namespaces/kinds/configmaps?fieldValidation=Strict';
        const body = '{"metadata":{"name":"a"},"data":{"a":"1","b":"2","a":"3"},"data":{}}';
        return (await http(config, { method: 'POST', path, body })).body;
      },
    },
    {
      name: 'an unknown field by merge patch, strict',
      call: async ({ config }) => {
        const path = '/apis/plant.example.com/v1/namespaces/kinds/pumps/warn?fieldValidation=Strict';
        const headers = { 'content-type': 'application/merge-patch+json' };
        const { status, body } = await http(config, { method: 'PATCH', path, headers, body: { spec: { colour: 1 } } });
        const { reason, message } = body as { reason: string; message: string };
        return {
          status,
          reason,
          message: message.replace(/Invalid value: ".*": strict/, 'Invalid value: <object>: strict'),
        };
      },
    },
    {
      name: 'a finalizer of a custom object without a domain',
      kubectl: 'create -f -',
      stdin: pump('held', '{flow: 1}', 'finalizers: [hold]'),
    },
    {
      name: 'a collection of custom objects',
      call: async ({ config }) => {
        const path = '/apis/plant.example.com/v1/namespaces/kinds/pumps?fieldSelector=metadata.name%3Dwarn';
        const { status, body } = await http(config, { method: 'DELETE', path });
        const { kind, metadata, items } = body as { kind: string; metadata: object; items?: { kind: string }[] };
        return { status, kind, metadata: Object.keys(metadata), kinds: items?.map((item) => item.kind) };
      },
    },
    { name: 'a collection of services', kubectl: 'delete --raw /api/v1/namespaces/kinds/services' },
    { name: 'services that are left', kubectl: 'get services' },
    { name: 'logs of what is missing', kubectl: 'logs missing' },
  ],
};
