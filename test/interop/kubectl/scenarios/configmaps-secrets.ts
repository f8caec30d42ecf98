import type { Scenario } from '../action.ts';
import { configMap } from '../pumps.ts';

const secret = (name: string, body: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}}\n${body}\n`;

export const configMapsAndSecrets: Scenario = {
  name: 'configmaps-secrets',
  files: {
    'app.properties': 'a=1\nb=2\n',
    'mixed.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mixed}\ndata: {a: text}\nbinaryData: {b: AAEC}\n',
    'fixed.yaml': `${configMap('fixed', '{a: "1"}')}immutable: true\n`,
  },
  actions: [
    { name: 'config map from a file', kubectl: 'create configmap conf --from-file=app.properties' },
    { name: 'config map from lines', kubectl: 'create configmap lines --from-env-file=app.properties -o yaml' },
    { name: 'config map with bytes', kubectl: 'create -f mixed.yaml' },
    { name: 'list', kubectl: 'get configmaps conf lines mixed' },
    { name: 'describe', kubectl: 'describe configmap mixed' },
    { name: 'config map that does not change', kubectl: 'create -f fixed.yaml' },
    { name: 'change it', kubectl: 'patch configmap fixed -p \'{"data":{"a":"2"}}\'' },
    { name: 'make it changeable', kubectl: 'patch configmap fixed -p \'{"immutable":false}\'' },
    {
      name: 'a key in both',
      kubectl: 'create -f -',
      stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: text}\nbinaryData: {a: AAEC}\n',
    },
    {
      name: 'bytes that are not base64',
      kubectl: 'create -f -',
      stdin: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nbinaryData: {a: "%"}\n',
    },
    { name: 'secret', kubectl: 'create secret generic key --from-literal=user=me --from-literal=password=opensesame' },
    { name: 'secret as it is kept', kubectl: 'get secret key -o yaml' },
    {
      name: 'secret from text',
      kubectl: 'create -o yaml -f -',
      stdin: secret('text', 'stringData: {a: hello}\ndata: {a: eA==, b: eA==}'),
    },
    {
      name: 'secret of a registry',
      kubectl: 'create secret docker-registry reg --docker-server=example.com --docker-username=u --docker-password=p',
    },
    { name: 'secret described', kubectl: 'describe secret reg' },
    {
      name: 'secret of a registry that is none',
      kubectl: 'create -f -',
      stdin: secret('reg2', 'type: kubernetes.io/dockerconfigjson\ndata: {}'),
    },
    {
      name: 'secret of basic credentials without any',
      kubectl: 'create -f -',
      stdin: secret('basic', 'type: kubernetes.io/basic-auth'),
    },
    {
      name: 'secret of TLS without a key',
      kubectl: 'create -f -',
      stdin: secret('tls', 'type: kubernetes.io/tls\ndata: {}'),
    },
    { name: 'secret that is not base64', kubectl: 'create -f -', stdin: secret('bad', 'data: {a: "not base64"}') },
    { name: 'secret with a bad key', kubectl: 'create -f -', stdin: secret('bad', 'data: {"a b": eA==}') },
    { name: 'change the type of a secret', kubectl: 'patch secret key -p \'{"type":"example.com/other"}\'' },
    { name: 'list secrets', kubectl: 'get secrets' },
    { name: 'make a secret fixed', kubectl: 'patch secret key -p \'{"immutable":true}\'' },
    { name: 'change a fixed secret', kubectl: 'patch secret key -p \'{"data":{"user":"eA=="}}\'' },
    { name: 'delete secrets', kubectl: 'delete secret key text' },
  ],
};
