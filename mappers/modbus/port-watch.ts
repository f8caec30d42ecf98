import { type Stats, stat } from 'node:fs';
import type { Clock, Timer } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';

const watchEvery = seconds(1);

/**
 * Tells when the serial port at `path` is no longer the one it was: pulled out, or pulled out and plugged in again. The serial
 * library sees a port that hangs up as one that has nothing to say, and asks it again as fast as it can.
 */
export class PortWatch {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #gone: (reason: string) => void;
  #timer: Timer | undefined;
  #first: Stats | undefined;
  #stopped = false;

  constructor(path: string, clock: Clock, gone: (reason: string) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#gone = gone;
  }

  start(): void {
    stat(this.#path, (error, found) => {
      if (this.#stopped) return;
      this.#first ??= found;
      if (error) this.#gone(`the serial port ${this.#path} is gone`);
      else if (!isSame(found, this.#first)) this.#gone(`the serial port ${this.#path} is another one now`);
      else this.#timer = this.#clock.after(`watch ${this.#path}`, watchEvery, () => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}

const isSame = (a: Stats, b: Stats): boolean => a.dev === b.dev && a.ino === b.ino && a.rdev === b.rdev;
