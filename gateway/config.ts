import { type Config, readConfig, settings } from '@selvedge/base/config';
import { configError } from '@selvedge/base/errors';
import { isObjectName } from '@selvedge/contract/names';

/** Every setting of the gateway. */
export const gatewaySettings = settings({
  dir: {
    type: 'string',
    description: 'Directory of everything the gateway keeps.',
    default: '.selvedge/gateway',
    restart: true,
  },
  node: {
    type: 'string',
    description: 'Name of this gateway as a node of the cluster.',
    default: 'edge-1',
    restart: true,
  },
  cloud: {
    type: 'string',
    description: 'host:port of the cloud; it enrols two ports above.',
    default: '127.0.0.1:10000',
    restart: true,
  },
  token: {
    type: 'string',
    description: 'Token to join with; needed until there is a certificate.',
    default: undefined,
    restart: true,
  },
  tokenFile: { type: 'string', description: 'File that holds the token.', default: undefined, restart: true },
  mqttPort: {
    type: 'number',
    description: 'Port of the MQTT broker, on the loopback interface; 0 takes a free one.',
    default: 1883,
    minimum: 0,
    maximum: 65_535,
    restart: true,
  },
  externalBroker: {
    type: 'string',
    description: 'mqtt://[user:password@]host[:port] of a broker to use instead of the one inside.',
    default: undefined,
    restart: true,
  },
  mappers: {
    type: 'string',
    description: 'Folder with a sub-folder for each mapper. Default: mappers, beside the program.',
    default: undefined,
    restart: true,
  },
  logLevel: {
    type: 'string',
    description: 'Least level that is logged.',
    default: 'info',
    oneOf: ['debug', 'info', 'warn', 'error'],
    restart: true,
  },
});

export type GatewayConfig = Omit<Config<typeof gatewaySettings>, 'cloud'> & {
  readonly cloud: { readonly host: string; readonly port: number };
};

/** @throws configError, see readConfig; `InvalidSetting` for a node, address or broker that cannot be one */
export function readGatewayConfig(argv: readonly string[]): GatewayConfig {
  const config = readConfig('gateway', gatewaySettings, argv);
  if (!isObjectName(config.node)) {
    throw invalid('node', config.node, 'must be a Kubernetes name: a-z, 0-9, - and ., at most 253');
  }
  if (config.externalBroker !== undefined && !isBrokerUrl(config.externalBroker)) {
    throw invalid('externalBroker', '(not shown)', 'must be mqtt://[user:password@]host[:port]');
  }
  return { ...config, cloud: parseAddress(config.cloud) };
}

function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  // The enrolment port, two above, must exist as well.
  if (host === undefined || port < 1 || port > 65_533)
    throw invalid('cloud', text, 'must be host:port, port at most 65533');
  return { host, port };
}

function isBrokerUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'mqtt:' && new URL(text).hostname !== '';
}

const invalid = (key: string, value: string, reason: string) =>
  configError('InvalidSetting', `Cannot start gateway: setting "${key}" is "${value}": ${reason}`);
