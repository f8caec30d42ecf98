import type { Static, TSchema } from '@sinclair/typebox';
import { parseJsonPayload } from './json-payload.ts';
import {
  DesiredMessageSchema,
  HealthMessageSchema,
  MapperStateSchema,
  OutcomeMessageSchema,
  SamplesMessageSchema,
} from './mapper.ts';
import { ResolvedDeviceSchema } from './resolve.ts';
import { decoder } from './schema.ts';

/** `gateway`: the process itself. `mapper`: the mapper that serves the device (or that the topic names). `app`: any local client. */
export type Party = 'gateway' | 'mapper' | 'app';

export interface TopicSpec<Schema extends TSchema = TSchema> {
  /** Levels in braces are parameters. */
  readonly pattern: string;
  readonly payload: Schema;
  readonly publisher: Party;
  readonly subscribers: readonly Party[];
  readonly retain: boolean;
  readonly qos: 0 | 1;
  readonly description: string;
}

const topic = <Schema extends TSchema>(spec: TopicSpec<Schema>): TopicSpec<Schema> => spec;

/**
 * Every topic of ours, once: from this table come the types, the check at the receiving end, the broker's access rules and
 * docs/topics.md. KubeEdge's `$hw/events/...` topics stand in hw-topics.ts. A payload is one JSON object; an empty payload
 * clears a retained topic.
 */
export const topics = {
  mapperState: topic({
    pattern: 'selvedge/v1/mapper/{mapper}/state',
    payload: MapperStateSchema,
    publisher: 'mapper',
    subscribers: ['gateway', 'app'],
    retain: true,
    qos: 1,
    description: 'Presence of a mapper; also its last will.',
  }),
  deviceConfig: topic({
    pattern: 'selvedge/v1/mapper/{mapper}/device/{namespace}/{name}',
    payload: ResolvedDeviceSchema,
    publisher: 'gateway',
    subscribers: ['mapper'],
    retain: true,
    qos: 1,
    description: 'A device that the mapper serves, joined with its model. Cleared when the device is gone.',
  }),
  desired: topic({
    pattern: 'selvedge/v1/device/{namespace}/{name}/desired',
    payload: DesiredMessageSchema,
    publisher: 'gateway',
    subscribers: ['mapper', 'app'],
    retain: true,
    qos: 1,
    description: 'All desired values of a device, with revision and the outcome so far.',
  }),
  samples: topic({
    pattern: 'selvedge/v1/device/{namespace}/{name}/samples',
    payload: SamplesMessageSchema,
    publisher: 'mapper',
    subscribers: ['gateway', 'app'],
    retain: false,
    qos: 0,
    description: 'What one poll found.',
  }),
  outcome: topic({
    pattern: 'selvedge/v1/device/{namespace}/{name}/outcome',
    payload: OutcomeMessageSchema,
    publisher: 'mapper',
    subscribers: ['gateway', 'app'],
    retain: false,
    qos: 1,
    description: 'One step of a write: sent, acknowledged, verified, rejected, failed.',
  }),
  health: topic({
    pattern: 'selvedge/v1/device/{namespace}/{name}/health',
    payload: HealthMessageSchema,
    publisher: 'mapper',
    subscribers: ['gateway', 'app'],
    retain: true,
    qos: 1,
    description: 'How the mapper is getting on with a device.',
  }),
} as const;

export type TopicName = keyof typeof topics;
export type Payload<Name extends TopicName> = Static<(typeof topics)[Name]['payload']>;
type ParameterOf<Pattern extends string> = Pattern extends `${string}{${infer Parameter}}${infer Rest}`
  ? Parameter | ParameterOf<Rest>
  : never;
/** Parameters of a topic by name; every pattern is a plain string at run time, so they are checked there. */
export type TopicParameters = Readonly<Partial<Record<ParameterOf<'{mapper}{namespace}{name}'>, string>>>;

/**
 * A concrete topic, or with `+` for parameters left out a subscription.
 * @throws RangeError when a parameter holds `/`, `+`, `#` or nothing: the caller has not validated it.
 */
export function buildTopic(name: TopicName, parameters: TopicParameters): string {
  return topics[name].pattern.replace(/\{(\w+)\}/g, (_, key: keyof TopicParameters) => {
    const value = parameters[key];
    if (value === undefined) return '+';
    if (!/^[^/+#]+$/.test(value))
      throw new RangeError(`Cannot build topic ${name}: ${key} "${value}" is not one topic level`);
    return value;
  });
}

export type ParsedTopic = {
  readonly [Name in TopicName]: { readonly name: Name; readonly parameters: TopicParameters };
}[TopicName];

const parsers = (Object.keys(topics) as TopicName[]).map((name) => ({ name, levels: topics[name].pattern.split('/') }));

/** The topic's entry in the table and its parameters, or undefined when it is none of ours. */
export function parseTopic(text: string): ParsedTopic | undefined {
  if (text.length > 1024) return undefined;
  const levels = text.split('/');
  for (const { name, levels: pattern } of parsers) {
    if (pattern.length !== levels.length) continue;
    const parameters: Record<string, string> = {};
    const matches = pattern.every((level, index) => {
      const actual = levels[index] ?? '';
      if (!level.startsWith('{')) return level === actual;
      parameters[level.slice(1, -1)] = actual;
      return actual !== '';
    });
    if (matches) return { name, parameters };
  }
  return undefined;
}

const decoders = Object.fromEntries(
  (Object.keys(topics) as TopicName[]).map((name) => [name, decoder(`${name} message`, topics[name].payload)]),
) as { readonly [Name in TopicName]: (input: unknown) => Payload<Name> };

/**
 * A payload as its topic's type.
 * @throws configError `Malformed` when it is too long, not JSON or not of the topic's shape
 */
export function decodePayload<Name extends TopicName>(name: Name, payload: Uint8Array): Payload<Name> {
  return decoders[name](parseJsonPayload(`${name} message`, payload)) as Payload<Name>;
}

export const encodePayload = <Name extends TopicName>(_name: Name, payload: Payload<Name>): string =>
  JSON.stringify(payload);
