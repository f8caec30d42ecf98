import { parseHwTopic } from '@selvedge/contract/hw-topics';
import type { DeviceRef } from '@selvedge/contract/names';
import { parseTopic, topics } from '@selvedge/contract/topics';

/** Who is at the other end of a connection. The gateway itself speaks in-process and is not asked. */
export type Identity = { readonly party: 'app' } | { readonly party: 'mapper'; readonly id: string };

/** The mapper that serves a device, or undefined when there is no such device here. */
export type OwnerOf = (device: DeviceRef) => string | undefined;

export interface Message {
  readonly topic: string;
  /** An empty payload clears a retained topic. */
  readonly empty: boolean;
}

/** Families of topics that local applications use among themselves and with KubeEdge's EventBus. */
const appFamilies = [/^\$hw\/events\//, /^\$ke\/events\//, /^[^/$]+\/user\//, /^SYS\/dis\/upload_records$/];

/** Whether the message may be published. Derived from the table of topics: its publisher, and for mappers whose device it is. */
export function mayPublish(identity: Identity, message: Message, ownerOf: OwnerOf): boolean {
  const parsed = parseTopic(message.topic);
  if (parsed) return topics[parsed.name].publisher === identity.party && isOwn(identity, message, ownerOf);
  if (identity.party !== 'app' || message.topic.startsWith('selvedge/')) return false;
  // Under $hw/events only what asks something of the gateway: its answers are the gateway's to give.
  if (message.topic.startsWith('$hw/')) {
    return parseHwTopic(message.topic) !== undefined || message.topic.startsWith('$hw/events/upload/');
  }
  return appFamilies.some((family) => family.test(message.topic));
}

/** Whether the message may be delivered. Asked for each message, so wildcards need no rule of their own. */
export function mayReceive(identity: Identity, message: Message, ownerOf: OwnerOf): boolean {
  return mayAsk(identity, message.topic) && (!parseTopic(message.topic) || isOwn(identity, message, ownerOf));
}

/** Whether a subscription can make sense at all: with wildcards yes, else by the table alone, as devices come and go. */
export function maySubscribe(identity: Identity, filter: string): boolean {
  return filter.length <= 1_024 && (/[+#]/.test(filter) || mayAsk(identity, filter));
}

function mayAsk(identity: Identity, topic: string): boolean {
  const parsed = parseTopic(topic);
  if (parsed) return topics[parsed.name].subscribers.includes(identity.party);
  return identity.party === 'app' && appFamilies.some((family) => family.test(topic));
}

function isOwn(identity: Identity, message: Message, ownerOf: OwnerOf): boolean {
  if (identity.party === 'app') return true;
  const { mapper, namespace, name } = parseTopic(message.topic)?.parameters ?? {};
  if (mapper !== undefined) return mapper === identity.id;
  if (namespace === undefined || name === undefined) return false;
  const owner = ownerOf({ namespace, name });
  // A device that is gone belongs to nobody; what is left to do is to clear its topics.
  return owner === undefined ? message.empty : owner === identity.id;
}
