import type { Scenario } from '../action.ts';
import { pod } from '../pumps.ts';

const node = `apiVersion: v1
kind: Node
metadata: {name: edge-1, labels: {node-role.kubernetes.io/edge: "", kubernetes.io/arch: arm64}}
spec: {podCIDR: 10.1.0.0/24}
`;

const nodeStatus = JSON.stringify({
  status: {
    capacity: { cpu: '4', memory: '2Gi', pods: '20' },
    allocatable: { cpu: '4', memory: '1800Mi', pods: '20' },
    addresses: [
      { type: 'InternalIP', address: '192.0.2.7' },
      { type: 'Hostname', address: 'edge-1' },
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'GatewayConnected',
        message: 'the gateway answers',
        lastHeartbeatTime: '2020-01-01T00:00:00Z',
        lastTransitionTime: '2020-01-01T00:00:00Z',
      },
    ],
    nodeInfo: {
      architecture: 'arm64',
      bootID: '',
      containerRuntimeVersion: 'none://1',
      kernelVersion: '6.1',
      kubeProxyVersion: '',
      kubeletVersion: 'v1.0.0',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'Debian 12',
      systemUUID: '',
    },
  },
});

const podStatus = JSON.stringify({
  status: {
    phase: 'Running',
    podIP: '10.1.0.5',
    podIPs: [{ ip: '10.1.0.5' }],
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      {
        name: 'main',
        image: 'example.com/main:1',
        imageID: 'x',
        ready: true,
        restartCount: 2,
        state: { running: { startedAt: '2020-01-01T00:00:00Z' } },
      },
    ],
  },
});

/** The taint as kubectl prints it: in YAML three lines and their heading, in a description one line. */
const withoutTaint = {
  reason: 'a new node is tainted until a controller finds it ready; there is no such controller here, nor in the judge',
  keep: (output: string) =>
    output
      .replace(/ {2}taints:\n {2}- effect: NoSchedule\n {4}key: node.kubernetes.io\/not-ready\n/, '')
      .replace(/^Taints: .*\n/m, ''),
};

export const nodesAndPods: Scenario = {
  name: 'nodes-pods',
  files: {
    'node.yaml': node,
    'pod.yaml': pod('placed', '  nodeName: edge-1', 'labels: {app: web}'),
    'free.yaml': pod('free', '  nodeSelector: {disk: ssd}'),
    'many.yaml': pod(
      'many',
      [
        '    - {name: side, image: "example.com/side:1", ports: [{containerPort: 80}], resources: {limits: {memory: 64Mi}, requests: {cpu: 100m}}}',
        '  initContainers: [{name: first, image: "example.com/first"}]',
        '  volumes: [{name: tmp, emptyDir: {}}, {name: conf, configMap: {name: conf}}]',
        '  hostNetwork: true',
        '  restartPolicy: Never',
      ].join('\n'),
    ),
  },
  actions: [
    { name: 'no nodes', kubectl: 'get nodes' },
    { name: 'create a node', kubectl: 'create -f node.yaml' },
    { name: 'the node as it is kept', kubectl: 'get node edge-1 -o yaml', restrict: withoutTaint },
    { name: 'list nodes', kubectl: 'get nodes' },
    { name: 'report its status', kubectl: `patch node edge-1 --subresource=status -p '${nodeStatus}'` },
    { name: 'list nodes that report', kubectl: 'get nodes -o wide' },
    { name: 'the node with its status', kubectl: 'get node edge-1 -o yaml', restrict: withoutTaint },
    { name: 'label a node', kubectl: 'label node edge-1 disk=ssd' },
    { name: 'cordon', kubectl: 'cordon edge-1' },
    { name: 'list cordoned nodes', kubectl: 'get nodes' },
    { name: 'uncordon', kubectl: 'uncordon edge-1' },
    { name: 'taint', kubectl: 'taint node edge-1 line=down:NoSchedule' },
    { name: 'remove the taint', kubectl: 'taint node edge-1 line-' },
    { name: 'create a pod on the node', kubectl: 'create -f pod.yaml' },
    { name: 'the pod as it is kept', kubectl: 'get pod placed -o yaml' },
    { name: 'create a pod for no node', kubectl: 'create -f free.yaml' },
    { name: 'create a larger pod', kubectl: 'create -f many.yaml' },
    { name: 'the larger pod as it is kept', kubectl: 'get pod many -o yaml' },
    { name: 'list pods', kubectl: 'get pods' },
    { name: 'report the status of a pod', kubectl: `patch pod placed --subresource=status -p '${podStatus}'` },
    { name: 'list pods, wide', kubectl: 'get pods -o wide' },
    { name: 'describe a pod', kubectl: 'describe pod placed' },
    { name: 'pods of a node', kubectl: 'get pods -A --field-selector spec.nodeName=edge-1' },
    { name: 'set an image', kubectl: 'set image pod/placed main=example.com/main:3' },
    {
      name: 'change what cannot be changed',
      kubectl: 'patch pod placed -p \'{"spec":{"nodeName":"edge-2"}}\'',
      restrict: {
        reason: 'below the message the real server prints the difference of two Go structs',
        keepErrors: (output) => output.split('\n@@')[0]?.trimEnd() ?? '',
      },
    },
    { name: 'logs of a pod for no node', kubectl: 'logs free' },
    { name: 'describe a node', kubectl: 'describe node edge-1', restrict: withoutTaint },
    {
      name: 'a node with a bad name',
      kubectl: 'create -f -',
      stdin: 'apiVersion: v1\nkind: Node\nmetadata: {name: Edge_1}\n',
    },
    { name: 'delete a pod for no node', kubectl: 'delete pod free' },
    { name: 'delete a pod by force', kubectl: 'delete pod placed --force' },
    { name: 'delete the node', kubectl: 'delete node edge-1' },
  ],
};
