/** A message that arrived. */
export type MessageHandler = (topic: string, payload: Uint8Array) => void;

export interface PublishOptions {
  readonly retain: boolean;
  readonly qos: 0 | 1;
}

export interface BusState {
  /** `mqtt://host:port`, without credentials. */
  readonly address: string;
  readonly connected: boolean;
  readonly reason?: string;
}

/** How a mapper reaches the bus. */
export interface BusLogin {
  readonly broker: string;
  readonly username: string;
  readonly password: string;
}

/** The local MQTT bus as the gateway's own rooms use it: the broker inside this process, or one outside. */
export interface Bus {
  readonly state: BusState;
  /** Never fails. What cannot be delivered now is lost; retained topics are asked for again (`onRestored`) when a broker is back. */
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): void;
  subscribe(filter: string, handler: MessageHandler): void;
  /** Whether somebody on the bus listens to `topic`; true when that cannot be known. */
  isWatched(topic: string): boolean;
  /** A login for the mapper `id`; an earlier one of the same id is void from here on. */
  login(id: string): BusLogin;
  stop(): Promise<void>;
}

/** Whether `topic` is matched by the subscription `filter` (MQTT 3.1.1, 4.7). */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') !== filter.startsWith('$')) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (levels[index] === undefined || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
