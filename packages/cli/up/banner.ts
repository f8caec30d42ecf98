import { defaultDirectory } from './home.ts';
import type { Ports } from './ports.ts';

export interface BannerFacts {
  readonly version: string;
  readonly directory: string;
  readonly kubeconfig: string;
  readonly ports: Ports;
  readonly node: string;
  readonly seconds: number;
  readonly apiServer: string;
  /** How a person calls this program. */
  readonly command: string;
  /** Absent when no plant runs. */
  readonly plantEndpoints: readonly string[] | undefined;
}

/** What a person sees when everything is up: what runs where, and what to try. */
export function upBanner(facts: BannerFacts): string {
  const { ports } = facts;
  const rows = [
    ['Kubernetes API', facts.apiServer],
    ['CloudHub', `wss://127.0.0.1:${ports.hub} (gateways enrol on ${ports.enrolment})`],
    [`gateway ${facts.node}`, `mqtt://127.0.0.1:${ports.mqtt}`],
    ...(facts.plantEndpoints === undefined ? [] : [['simulated plant', facts.plantEndpoints.join(', ')]]),
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  const runs = rows.map(([name = '', where = '']) => `  ${name.padEnd(width)}  ${where}`).join('\n');
  return `selvedge ${facts.version} is ready after ${facts.seconds.toFixed(1)} s; state lies in ${facts.directory}

${runs}

In another terminal:

  export KUBECONFIG=${shellWord(facts.kubeconfig)}

  kubectl get devices -w
  kubectl edit device boiler          # another desired value for setpoint moves the register
  ${facts.command} status${facts.directory === defaultDirectory ? '' : ` --dir ${shellWord(facts.directory)}`}

Ctrl-C stops everything.
`;
}

/** A word as a shell takes it (POSIX, Shell Command Language 2.2). */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
