import type { Clock, Timer } from '@selvedge/base/clock';
import { type Duration, millis } from '@selvedge/base/duration';
import type { SerialSettings } from '../plant/plant.ts';
import { decodeRtuFrame, encodeRtuFrame, frameGap, maxRtuBytes } from './rtu.ts';
import type { Units } from './units.ts';

/** Answers that wait for their delay; a master that sends on regardless gets no more of them. */
const maxDelayed = 16;

export interface RtuServerOptions {
  readonly serial: SerialSettings;
  readonly units: Units;
  readonly clock: Clock;
  readonly write: (bytes: Buffer) => void;
}

/**
 * The devices of one serial line, as one listener: gathers bytes until the line is silent for 3.5 characters, drops what
 * is no frame without a word, and answers. Knows no port: bytes come in by `receive`, and leave by `write`.
 */
export class RtuServer {
  readonly #options: RtuServerOptions;
  readonly #gap: Duration;
  readonly #delayed = new Set<Timer>();
  #chunks: Buffer[] = [];
  #length = 0;
  #silence: Timer | undefined;

  constructor(options: RtuServerOptions) {
    this.#options = options;
    // Timers tick in whole milliseconds, and one that is cut short would split frames.
    this.#gap = millis(Math.ceil(frameGap(options.serial)));
  }

  receive(bytes: Buffer): void {
    // Past the longest frame only that it was too long is worth remembering.
    if (this.#length <= maxRtuBytes) this.#chunks.push(bytes);
    this.#length += bytes.length;
    this.#listen();
  }

  stop(): void {
    this.#silence?.cancel();
    for (const timer of this.#delayed) timer.cancel();
    this.#delayed.clear();
  }

  #listen(): void {
    this.#silence?.cancel();
    const silence = this.#options.clock.after('rtu silence', this.#gap, () => {
      // Timers come before I/O in a turn of the event loop: after a late turn the rest of the frame may be waiting there.
      setImmediate(() => {
        if (this.#silence === silence) this.#endFrame();
      });
    });
    this.#silence = silence;
  }

  #endFrame(): void {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    this.#silence = undefined;
    const frame = decodeRtuFrame(bytes);
    const answer =
      frame && this.#delayed.size < maxDelayed ? this.#options.units.handle(frame.unit, frame.pdu) : undefined;
    if (frame === undefined || answer === undefined) return;
    const reply = encodeRtuFrame({ unit: frame.unit, pdu: answer.pdu });
    if (answer.delay === 0) {
      this.#options.write(reply);
      return;
    }
    const timer = this.#options.clock.after('modbus answer', answer.delay, () => {
      this.#delayed.delete(timer);
      this.#options.write(reply);
    });
    this.#delayed.add(timer);
  }
}
