import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { RealClock } from '@selvedge/base/clock';
import { millis, seconds } from '@selvedge/base/duration';
import { describeError, exitCode, FieldError } from '@selvedge/base/errors';
import { within } from '@selvedge/base/lifecycle';
import { createLogger, type Logger } from '@selvedge/base/log';
import { systemRandom } from '@selvedge/base/random';
import { decodeMapperConfig, type MapperConfig, type MapperState } from '@selvedge/contract/mapper';
import { buildTopic, decodePayload, encodePayload, parseTopic } from '@selvedge/contract/topics';
import mqtt, { type MqttClient } from 'mqtt';
import type { Driver } from './driver.ts';
import { type Lock, takeLock } from './lock.ts';
import { Mapper } from './mapper.ts';

/** A configuration line longer than this is no configuration. */
const maxConfigLength = 65_536;
/** What may wait in the socket to the bus. */
const maxUnsentBytes = 1_048_576;
/** Topics whose unreadable messages have been logged; beyond, they are dropped without a word. */
const maxLoggedTopics = 1_000;
/** A mapper that cannot close its lines within this leaves anyway: its gateway is waiting, or gone. */
const stopLimit = seconds(2);
/** A bus that is still there takes a farewell at once; one that died with its gateway never does, and a new gateway waits for us. */
const leaveLimit = millis(250);

/**
 * The main program of every mapper. Reads its configuration as one JSON line from standard input, serves the devices that the gateway
 * publishes, and ends with exit code 0 when standard input ends (the gateway is gone) or on SIGTERM: after the write in hand.
 */
export async function runMapper<Line, Device, Address>(driver: Driver<Line, Device, Address>): Promise<void> {
  const early = createLogger({ name: `mapper-${driver.protocol}` });
  const input = createInterface({ input: process.stdin });
  const gone = new Promise<void>((resolve) => {
    input.once('close', resolve);
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  let config: MapperConfig;
  try {
    const line = await firstLine(input, gone);
    if (line === undefined) process.exit(exitCode.ok);
    config = decodeMapperConfig(JSON.parse(line));
  } catch (error) {
    early.error('configuration is unusable', { error: describeError(error) });
    process.exit(exitCode.config);
  }
  const log = createLogger({ name: `mapper-${config.id}`, level: config.logLevel });
  const clock = new RealClock();
  const lock = lockOrExit(config.dataDir, clock.now(), log);
  const { client, mapper } = start(driver, config, clock, log);
  await gone;
  try {
    await within(clock, stopLimit, 'stop', mapper.stop());
    await within(clock, leaveLimit, 'leave the bus', leave(client, driver.protocol, config.id, clock.now()));
  } catch (error) {
    log.warn('stopped without waiting any longer', { error: describeError(error) });
  }
  lock.release();
  process.exit(exitCode.ok);
}

function firstLine(input: ReturnType<typeof createInterface>, gone: Promise<void>): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    input.once('line', (line) => {
      if (line.length <= maxConfigLength) resolve(line);
      else reject(new Error(`a configuration of ${line.length} characters is too long, at most ${maxConfigLength}`));
    });
    void gone.then(() => resolve(undefined));
  });
}

function lockOrExit(dataDir: string, now: number, log: Logger): Lock {
  try {
    return takeLock({ dataDir, pid: process.pid, program: process.argv[1] ?? '', now });
  } catch (error) {
    log.error('directory is in use', { error: describeError(error) });
    process.exit(error instanceof FieldError && error.kind === 'transient' ? exitCode.unavailable : exitCode.config);
  }
}

function start<Line, Device, Address>(
  driver: Driver<Line, Device, Address>,
  config: MapperConfig,
  clock: RealClock,
  log: Logger,
): { client: MqttClient; mapper: Mapper<Line, Device, Address> } {
  const since = clock.now();
  const stateTopic = buildTopic('mapperState', { mapper: config.id });
  const state = (value: MapperState['state']) =>
    encodePayload('mapperState', { state: value, protocol: driver.protocol, pid: process.pid, since });
  const client = mqtt.connect(config.broker, {
    clientId: `mapper-${config.id}-${process.pid}`,
    username: config.username,
    password: config.password,
    clean: true,
    reconnectPeriod: 500,
    // A mapper that hangs is found out within one and a half of these: its last will then says that it is offline.
    keepalive: 20,
    connectTimeout: 5_000,
    queueQoSZero: false,
    resubscribe: false,
    // Else the library keeps all 65,536 numbers of two bytes ready, which take 7 MB.
    writeCache: false,
    will: { topic: stateTopic, payload: Buffer.from(state('offline')), qos: 1, retain: true },
  });
  const mapper = new Mapper({
    driver,
    clock,
    random: systemRandom,
    log,
    dataDir: config.dataDir,
    bus: {
      publish: (topic, payload, options) => {
        // Nothing piles up for a bus that is away or does not take it: on reconnect the mapper tells what counts.
        if (!client.connected || unsentBytes(client) > maxUnsentBytes) return;
        client.publish(topic, payload, options, (error) => {
          if (error) log.debug('message was not published', { topic, error });
        });
      },
    },
  });
  client.on('connect', () => {
    setNoDelay(client);
    client.publish(stateTopic, state('online'), { qos: 1, retain: true });
    client.subscribe([buildTopic('deviceConfig', { mapper: config.id }), buildTopic('desired', {})], { qos: 1 });
    mapper.retell();
    log.info('serving', { broker: config.broker, pid: process.pid });
  });
  const unreadable = new Set<string>();
  client.on('message', (topic, payload) => {
    const problem = receive(mapper, topic, payload);
    if (problem === undefined) unreadable.delete(topic);
    else if (!unreadable.has(topic) && unreadable.size < maxLoggedTopics) {
      unreadable.add(topic);
      log.warn('message on the bus is unreadable', { topic, error: describeError(problem) });
    }
  });
  client.on('error', (error) => log.warn('bus refused or lost', { error: describeError(error) }));
  return { client, mapper };
}

/** The socket below; the library's type hides that it is one. */
const socketOf = (client: MqttClient): Partial<Socket> | undefined =>
  (client as unknown as { stream?: Partial<Socket> }).stream;
const unsentBytes = (client: MqttClient): number => socketOf(client)?.writableLength ?? 0;

/** Small messages must not wait for each other: Nagle's algorithm costs up to 40 ms a write. */
function setNoDelay(client: MqttClient): void {
  socketOf(client)?.setNoDelay?.(true);
}

/** Hands a message on. What does not hold to its topic's shape is dropped, and returned as the reason. */
function receive<Line, Device, Address>(
  mapper: Mapper<Line, Device, Address>,
  topic: string,
  payload: Uint8Array,
): FieldError | undefined {
  const parsed = parseTopic(topic);
  const { namespace, name } = parsed?.parameters ?? {};
  if (!parsed || namespace === undefined || name === undefined) return undefined;
  const empty = payload.byteLength === 0;
  try {
    if (parsed.name === 'deviceConfig') {
      mapper.configure({ namespace, name }, empty ? undefined : decodePayload('deviceConfig', payload));
    } else if (parsed.name === 'desired') {
      mapper.desire({ namespace, name }, empty ? undefined : decodePayload('desired', payload));
    }
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return error;
  }
  return undefined;
}

/** Says that the mapper is offline, as its will would, and closes the connection. */
async function leave(client: MqttClient, protocol: string, id: string, now: number): Promise<void> {
  if (!client.connected) {
    client.end(true);
    return;
  }
  const payload = encodePayload('mapperState', { state: 'offline', protocol, since: now });
  await client.publishAsync(buildTopic('mapperState', { mapper: id }), payload, { qos: 1, retain: true });
  await client.endAsync();
}
