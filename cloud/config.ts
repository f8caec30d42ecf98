import { type Config, settings } from '@selvedge/base/config';

/** Every setting of the cloud process. */
export const cloudSettings = settings({
  dir: {
    type: 'string',
    description: 'Directory for everything this process keeps.',
    default: '.selvedge/cloud',
    restart: true,
  },
  kubeconfig: {
    type: 'string',
    description: 'Kubeconfig of the cluster to stand on. Absent: an API server inside this process.',
    default: undefined,
    restart: true,
  },
  apiPort: {
    type: 'number',
    description: 'Port of the embedded API server, on 127.0.0.1; 0 takes a free one.',
    default: 6443,
    minimum: 0,
    maximum: 65_535,
    restart: true,
  },
  hubPort: {
    type: 'number',
    description: 'Port of CloudHub, which gateways connect to.',
    default: 10_000,
    minimum: 0,
    maximum: 65_535,
    restart: true,
  },
  enrolPort: {
    type: 'number',
    description: 'Port where gateways get their certificates. Default: two above the hub.',
    default: undefined,
    minimum: 0,
    maximum: 65_535,
    restart: true,
  },
  listen: {
    type: 'string',
    description: 'Address that the two gateway ports listen on. Default: all there are.',
    default: undefined,
    restart: true,
  },
  advertise: {
    type: 'string',
    description: 'Names and addresses under which gateways reach this cloud, comma between; this box’s own are added.',
    default: '',
    restart: true,
  },
  kubeconfigOut: {
    type: 'string',
    description: 'Where to write the kubeconfig of the embedded API server. Default: kubeconfig in dir.',
    default: undefined,
    restart: true,
  },
  crds: {
    type: 'string',
    description: 'Directory of the CustomResourceDefinitions and protocol schemas. Default: the one that came along.',
    default: undefined,
    restart: true,
  },
  nodeLimit: {
    type: 'number',
    description: 'Gateways connected at the same time.',
    default: 5_000,
    minimum: 1,
    maximum: 100_000,
    restart: true,
  },
  logLevel: {
    type: 'string',
    description: 'Least severe log line that is written.',
    default: 'info',
    oneOf: ['debug', 'info', 'warn', 'error'],
    restart: true,
  },
});

export type CloudConfig = Config<typeof cloudSettings>;
