import { connect, type Socket } from 'node:net';
import type { Clock } from '@selvedge/base/clock';
import { type Duration, millis } from '@selvedge/base/duration';
import { describeError, transient } from '@selvedge/base/errors';
import modbus from 'modbus-serial';
import type { LineSettings, SerialLine, TcpLine } from './line-settings.ts';
import { PortWatch } from './port-watch.ts';

export const ModbusRtu = modbus.default;
export type Library = InstanceType<typeof ModbusRtu>;

/** How long a TCP connection may take to come up, ms. */
const connectTimeoutMs = 5_000;

/** An open TCP connection or serial port with the library's client on it. */
export interface Port {
  readonly library: Library;
  /** Silence that must lie between two frames. */
  readonly gap: Duration;
  /** Whether an answer names its request; without that, one that comes late can pass for the next one's. */
  readonly matchesAnswers: boolean;
  /** Forgets bytes that came while nothing was asked. */
  discardInput(): void;
  close(): Promise<void>;
}

/**
 * @param lost  called when the port breaks, with the reason; not only once, and also after `close`
 * @throws transient `LineDown` when there is nobody, or no such port
 */
export async function openPort(line: LineSettings, clock: Clock, lost: (reason: string) => void): Promise<Port> {
  try {
    return line.transport === 'tcp' ? await openTcp(line, lost) : await openSerial(line, clock, lost);
  } catch (error) {
    // The serial library begins its texts with "Error: ".
    throw transient('LineDown', describeError(error).replace(/^Error: /, ''));
  }
}

async function openTcp({ host, port }: TcpLine, lost: (reason: string) => void): Promise<Port> {
  const socket = await connectTcp(host, port);
  const library = new ModbusRtu();
  // The library tells nobody when a peer closes while a request is under way: it would only time out.
  socket.on('close', () => lost('the connection was closed by the other side'));
  library.on('error', (error: unknown) => lost(describeError(error)));
  try {
    await library.linkTCP(socket, { port });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    library,
    gap: millis(0),
    matchesAnswers: true,
    discardInput: () => {},
    close: async () => {
      socket.destroy();
    },
  };
}

async function openSerial(line: SerialLine, clock: Clock, lost: (reason: string) => void): Promise<Port> {
  const { path, baudRate, dataBits, stopBits, parity } = line;
  const library = new ModbusRtu();
  library.on('error', (error: unknown) => lost(describeError(error)));
  await library.connectRTUBuffered(path, { baudRate, dataBits, stopBits, parity });
  library.on('close', () => lost('the serial port was closed'));
  const watch = new PortWatch(path, clock, lost);
  watch.start();
  // The library keeps an answer that came too late, and would take it for that to the next request, and so on for ever.
  const { _port: buffered } = library as unknown as { _port: { _buffer: Buffer } };
  return {
    library,
    gap: frameGap(line),
    matchesAnswers: false,
    discardInput: () => {
      buffered._buffer = Buffer.alloc(0);
    },
    close: async () => {
      watch.stop();
      if (library.isOpen) await new Promise<void>((resolve) => library.close(() => resolve()));
    },
  };
}

/**
 * Modbus over Serial Line 1.02, 2.5.1.1: 3.5 characters of silence end a frame; a fixed 1.75 ms above 19,200 baud. Timers tick in
 * whole milliseconds.
 */
export function frameGap({ baudRate, dataBits, stopBits, parity }: Omit<SerialLine, 'path' | 'transport'>): Duration {
  const bits = 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits;
  return millis(Math.ceil(baudRate > 19_200 ? 1.75 : (3.5 * bits * 1_000) / baudRate));
}

function connectTcp(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(connectTimeoutMs, () => fail(new Error(`no connection within ${connectTimeoutMs} ms`)));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.off('error', fail);
      // Whatever breaks it later closes it too, and the close is what is listened to.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
