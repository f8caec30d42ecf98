import { seconds } from '@selvedge/base/duration';
import type { Layout } from '../layout.ts';
import { nodeFlags } from './crew.ts';
import type { ProcessPlan } from './process.ts';

export interface GatewaySettings {
  readonly directory: string;
  readonly node: string;
  /** `host:port` of the hub. */
  readonly cloud: string;
  readonly mqttPort: number;
  readonly tokenFile?: string;
}

/** How the gateway is started; the same for `up` and `join`. */
export function gatewayPlan(layout: Layout, settings: GatewaySettings): ProcessPlan {
  const program = layout.program('gateway');
  return {
    name: 'gateway',
    program: program[0] ?? '',
    // It finishes writes in hand, stops its mappers, and flushes its outbox.
    grace: seconds(10),
    args: [
      ...nodeFlags,
      ...layout.leash,
      ...program,
      ...['--dir', settings.directory, '--node', settings.node, '--cloud', settings.cloud],
      ...['--mqtt-port', String(settings.mqttPort)],
      ...(settings.tokenFile === undefined ? [] : ['--token-file', settings.tokenFile]),
    ],
  };
}
