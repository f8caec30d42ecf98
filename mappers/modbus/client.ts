import { type Clock, sleep } from '@selvedge/base/clock';
import { type Duration, millis } from '@selvedge/base/duration';
import { describeError, type FieldError, transient } from '@selvedge/base/errors';
import type { Call } from '@selvedge/mapper-kit/driver';
import { exceptionError } from './exceptions.ts';
import type { LineSettings } from './line-settings.ts';
import { type Library, openPort, type Port } from './port.ts';
import type { RegisterTable } from './schema.ts';

/** What one request is part of: the unit that is asked, and its bounds. */
export interface Address {
  readonly unit: number;
  readonly call: Call;
}

/** An open Modbus connection: requests as promises, errors as the kit wants them. One request at a time. */
export class ModbusClient {
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  #port: Port | undefined;
  #quietUntil = 0;
  #closing: Promise<void> | undefined;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param lost  called once when the connection breaks, not after `close`
   * @throws transient `LineDown`
   */
  static async open(line: LineSettings, clock: Clock, lost: (error: FieldError) => void): Promise<ModbusClient> {
    const client = new ModbusClient(clock);
    client.#port = await openPort(line, clock, (reason) => {
      if (client.#ended.signal.aborted) return;
      const error = transient('LineLost', reason);
      client.#ended.abort(error);
      lost(error);
    });
    return client;
  }

  async readBits(to: Address, table: RegisterTable, start: number, count: number): Promise<boolean[]> {
    const { data } = await this.#request(`read ${table} ${start}`, to, (library) =>
      table === 'CoilRegister' ? library.readCoils(start, count) : library.readDiscreteInputs(start, count),
    );
    return data;
  }

  async readRegisters(to: Address, table: RegisterTable, start: number, count: number): Promise<number[]> {
    const { data } = await this.#request(`read ${table} ${start}`, to, (library) =>
      table === 'HoldingRegister'
        ? library.readHoldingRegisters(start, count)
        : library.readInputRegisters(start, count),
    );
    return data;
  }

  async writeBit(to: Address, start: number, value: boolean): Promise<void> {
    await this.#request(`write CoilRegister ${start}`, to, (library) => library.writeCoil(start, value));
  }

  /** Function code 6 for one register, 16 for more: small devices often lack 16. */
  async writeRegisters(to: Address, start: number, values: readonly number[]): Promise<void> {
    const [first = 0] = values;
    await this.#request<unknown>(`write HoldingRegister ${start}`, to, (library) =>
      values.length === 1 ? library.writeRegister(start, first) : library.writeRegisters(start, [...values]),
    );
  }

  /** Whoever waits for an answer is told. */
  close(): Promise<void> {
    this.#ended.abort(transient('LineLost', 'the connection was closed on our side'));
    this.#closing ??= this.#port?.close() ?? Promise.resolve();
    return this.#closing;
  }

  async #request<Result>(
    what: string,
    { unit, call }: Address,
    send: (library: Library) => Promise<Result>,
  ): Promise<Result> {
    const port = this.#port as Port;
    const ended = this.#ended.signal;
    // On a serial line the answer to an abandoned request would meet the next one: it is waited for.
    const signals = port.matchesAnswers ? [ended, call.signal] : [ended];
    try {
      for (const signal of signals) signal.throwIfAborted();
      const wait = millis(Math.ceil(Math.max(0, this.#quietUntil - this.#clock.monotonic())));
      if (wait > 0) await sleep(this.#clock, wait, ended);
      port.discardInput();
      // The silence before it is part of the time that the request has.
      port.library.setTimeout(Math.max(1, call.timeout - wait));
      port.library.setID(unit);
      return await unlessAborted(signals, send(port.library));
    } catch (error) {
      const aborted = signals.find((signal) => signal.aborted);
      if (!aborted) throw libraryError(what, call.timeout, error);
      if (aborted !== ended) throw aborted.reason;
      throw transient('LineLost', `Cannot ${what}: ${describeError(ended.reason)}`);
    } finally {
      this.#quietUntil = this.#clock.monotonic() + port.gap;
    }
  }
}

/** What the library says, as the kit wants it. Its errors are no `Error`s, and say no more than the text: they are no cause. */
function libraryError(what: string, timeout: Duration, error: unknown): FieldError {
  const { modbusCode, errno, name, message } = error as {
    modbusCode?: number;
    errno?: string;
    name?: string;
    message?: string;
  };
  if (modbusCode !== undefined) return exceptionError(what, modbusCode);
  if (errno === 'ETIMEDOUT' || name === 'TransactionTimedOutError') {
    return transient('Timeout', `Cannot ${what}: no answer within ${timeout} ms`);
  }
  if (name === 'PortNotOpenError') return transient('LineLost', `Cannot ${what}: the connection is closed`);
  return transient('BadAnswer', `Cannot ${what}: ${message ?? String(error)}`);
}

/** The promise's result, or a rejection as soon as one of the signals is aborted. Node 20's `AbortSignal.any` leaks. */
function unlessAborted<Result>(signals: readonly AbortSignal[], promise: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Error('aborted'));
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    });
  });
}
