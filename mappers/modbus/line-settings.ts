/** A Modbus TCP server. */
export interface TcpLine {
  readonly transport: 'tcp';
  readonly host: string;
  readonly port: number;
}

/** A serial port. */
export interface SerialLine {
  readonly transport: 'rtu';
  readonly path: string;
  readonly baudRate: number;
  readonly dataBits: 7 | 8;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

/** How to reach a line. */
export type LineSettings = TcpLine | SerialLine;
