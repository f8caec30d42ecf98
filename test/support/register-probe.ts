import { connect, type Socket } from 'node:net';

/** A Modbus TCP master of a few lines, so that what is measured is not what measures. One request at a time. */
export class RegisterProbe {
  readonly #socket: Socket;
  #waiting: ((response: Buffer) => void) | undefined;
  #transaction = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#waiting?.(data));
  }

  static connect(port: number): Promise<RegisterProbe> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new RegisterProbe(socket)));
      socket.once('error', reject);
    });
  }

  /** One holding register (function code 3). */
  async read(unit: number, address: number): Promise<number> {
    const response = await this.#exchange(unit, [3, address >> 8, address & 0xff, 0, 1]);
    return response.readUInt16BE(9);
  }

  /** Writes one holding register (function code 6). */
  async write(unit: number, address: number, value: number): Promise<void> {
    await this.#exchange(unit, [6, address >> 8, address & 0xff, value >> 8, value & 0xff]);
  }

  close(): void {
    this.#socket.destroy();
  }

  #exchange(unit: number, pdu: readonly number[]): Promise<Buffer> {
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const head = [this.#transaction >> 8, this.#transaction & 0xff, 0, 0, 0, pdu.length + 1, unit];
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#socket.write(Buffer.from([...head, ...pdu]));
    });
  }
}
