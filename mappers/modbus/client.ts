import { connect, type Socket } from 'node:net';
import { describeError, transient } from '@selvedge/base/errors';
import modbus from 'modbus-serial';
import { exceptionError } from './exceptions.ts';
import type { LineSettings } from './line-settings.ts';
import type { RegisterTable } from './schema.ts';

const ModbusRtu = modbus.default;
/** How long a TCP connection may take to come up, ms. */
const connectTimeoutMs = 5_000;

/** An open Modbus connection: requests as promises, errors as the kit wants them. One request at a time. */
export class ModbusClient {
  readonly #client: InstanceType<typeof ModbusRtu>;
  readonly #socket: Socket | undefined;
  #closed = false;

  private constructor(client: InstanceType<typeof ModbusRtu>, socket: Socket | undefined) {
    this.#client = client;
    this.#socket = socket;
  }

  /** @throws transient `LineDown` when there is nobody, or no such port */
  static async open(line: LineSettings, lost: (error: unknown) => void): Promise<ModbusClient> {
    const client = new ModbusRtu();
    const socket = line.transport === 'tcp' ? await connectTcp(line.host, line.port) : undefined;
    const opened = new ModbusClient(client, socket);
    const onLost = (reason: string) => {
      if (!opened.#closed) lost(transient('LineLost', reason));
    };
    client.on('error', (error: unknown) => onLost(describeError(error)));
    try {
      if (line.transport === 'tcp' && socket) {
        // The library tells nobody when a peer closes while a request is under way: it would only time out.
        socket.on('close', () => onLost('the connection was closed by the other side'));
        await client.linkTCP(socket, { port: line.port });
      } else if (line.transport === 'rtu') {
        const { baudRate, dataBits, stopBits, parity } = line;
        await client.connectRTUBuffered(line.path, { baudRate, dataBits, stopBits, parity });
        client.on('close', () => onLost('the serial port was closed'));
      }
    } catch (error) {
      socket?.destroy();
      throw transient('LineDown', describeError(error), error);
    }
    return opened;
  }

  async readBits(
    unit: number,
    table: RegisterTable,
    start: number,
    count: number,
    timeoutMs: number,
  ): Promise<boolean[]> {
    const { data } = await this.#request(`read ${table} ${start}`, unit, timeoutMs, () =>
      table === 'CoilRegister' ? this.#client.readCoils(start, count) : this.#client.readDiscreteInputs(start, count),
    );
    return data;
  }

  async readRegisters(
    unit: number,
    table: RegisterTable,
    start: number,
    count: number,
    timeoutMs: number,
  ): Promise<number[]> {
    const { data } = await this.#request(`read ${table} ${start}`, unit, timeoutMs, () =>
      table === 'HoldingRegister'
        ? this.#client.readHoldingRegisters(start, count)
        : this.#client.readInputRegisters(start, count),
    );
    return data;
  }

  async writeBit(unit: number, start: number, value: boolean, timeoutMs: number): Promise<void> {
    await this.#request(`write coil ${start}`, unit, timeoutMs, () => this.#client.writeCoil(start, value));
  }

  /** Function code 6 for one register, 16 for more: small devices often lack 16. */
  async writeRegisters(unit: number, start: number, values: readonly number[], timeoutMs: number): Promise<void> {
    const [first = 0] = values;
    await this.#request<unknown>(`write HoldingRegister ${start}`, unit, timeoutMs, () =>
      values.length === 1 ? this.#client.writeRegister(start, first) : this.#client.writeRegisters(start, [...values]),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#socket) this.#socket.destroy();
    else if (this.#client.isOpen) await new Promise<void>((resolve) => this.#client.close(() => resolve()));
  }

  async #request<Result>(what: string, unit: number, timeoutMs: number, send: () => Promise<Result>): Promise<Result> {
    this.#client.setTimeout(timeoutMs);
    this.#client.setID(unit);
    try {
      return await send();
    } catch (error) {
      const {
        modbusCode,
        errno,
        name,
        message = '',
      } = error as { modbusCode?: number; errno?: string; name?: string; message?: string };
      if (modbusCode !== undefined) throw exceptionError(what, modbusCode);
      if (errno === 'ETIMEDOUT' || name === 'TransactionTimedOutError') {
        throw transient('Timeout', `Cannot ${what}: no answer within ${timeoutMs} ms`, error);
      }
      if (name === 'PortNotOpenError') throw transient('LineLost', `Cannot ${what}: the connection is closed`, error);
      throw transient('BadAnswer', `Cannot ${what}: ${message}`, error);
    }
  }
}

function connectTcp(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    const fail = (error: Error) => {
      socket.destroy();
      reject(transient('LineDown', describeError(error)));
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
