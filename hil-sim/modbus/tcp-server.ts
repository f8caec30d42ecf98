import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '@selvedge/base/clock';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { listen } from '../transport/listen.ts';
import { encodeTcpFrame, type TcpFrame, TcpFrameReader } from './mbap.ts';
import { exception, type Units } from './units.ts';

const maxConnections = 64;
/** Answers that wait for their delay, on one connection; past it a request is answered with exception 6, busy. */
const maxDelayed = 64;
/** A master that does not read its answers is not read from either, past this many bytes. */
const maxUnsentBytes = 65_536;

export interface TcpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly units: Units;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A Modbus TCP server. Each answer leaves in the same turn of the event loop its request came in, unless it is delayed. */
export class ModbusTcpServer {
  readonly #options: TcpServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: TcpServerOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#serve(socket));
    this.#server.maxConnections = maxConnections;
  }

  /** Resolves with the port when masters can connect. @throws FieldError `AddressInUse`, `CannotListen` */
  async start(): Promise<number> {
    const address = await listen(this.#server, { scheme: 'tcp', host: this.#options.host, port: this.#options.port });
    return address.scheme === 'tcp' ? address.port : 0;
  }

  /** Closes the port and every connection. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    const { log } = this.#options;
    const reader = new TcpFrameReader();
    const delayed = new Set<Timer>();
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const timer of delayed) timer.cancel();
    });
    socket.on('error', (error) => log.debug('connection lost', { error: describeError(error) }));
    socket.on('drain', () => socket.resume());
    socket.on('data', (chunk) => {
      try {
        const answers = reader.push(chunk).flatMap((frame) => this.#answer(frame, socket, delayed) ?? []);
        // Several requests in one segment: their answers leave in one as well.
        if (answers.length > 0) socket.write(answers.length === 1 ? (answers[0] ?? '') : Buffer.concat(answers));
      } catch (error) {
        log.debug('connection closed', { error: describeError(error) });
        socket.destroy();
        return;
      }
      if (socket.writableLength > maxUnsentBytes) socket.pause();
    });
  }

  #answer(frame: TcpFrame, socket: Socket, delayed: Set<Timer>): Buffer | undefined {
    const { units, clock } = this.#options;
    if (delayed.size >= maxDelayed) return encodeTcpFrame({ ...frame, pdu: exception(frame.pdu, 'ServerDeviceBusy') });
    const answer = units.handle(frame.unit, frame.pdu);
    if (answer === undefined) return undefined;
    const bytes = encodeTcpFrame({ ...frame, pdu: answer.pdu });
    if (answer.delay === 0) return bytes;
    const timer = clock.after('modbus answer', answer.delay, () => {
      delayed.delete(timer);
      socket.write(bytes);
    });
    delayed.add(timer);
    return undefined;
  }
}
