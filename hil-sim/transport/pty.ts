import { closeSync, constants, lstatSync, openSync, readlinkSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import type { Clock, Timer } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { configError } from '@selvedge/base/errors';
import { holdPath } from './hold-path.ts';

/** What a person on the other side has not read; past it the oldest is lost, as on a wire nobody listens to. */
const maxUnsentBytes = 65_536;
const retryWrite = millis(5);

export interface PtyOptions {
  /** A symbolic link made here leads to the serial device; made anew at each start, removed at the end. */
  readonly path: string;
  readonly clock: Clock;
  readonly onBytes: (bytes: Buffer) => void;
  readonly onError: (error: Error) => void;
}

/**
 * A serial port without hardware: a pseudo-terminal whose far end any serial program opens by `path`, as often as it
 * likes. Linux. Nothing here blocks the event loop, also when the far end never reads.
 */
export class PtyPort {
  readonly #options: PtyOptions;
  #master = -1;
  #slave = -1;
  #device = '';
  #reader: ReadStream | undefined;
  #unsent: Buffer = Buffer.alloc(0);
  #retry: Timer | undefined;
  #release: (() => Promise<void>) | undefined;

  constructor(options: PtyOptions) {
    this.#options = options;
  }

  /** @throws configError `CannotOpenPty`, `PathTaken` */
  async open(): Promise<void> {
    const { path, onBytes, onError } = this.#options;
    try {
      this.#release = await holdPath(path);
      const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
      // Without O_NONBLOCK libuv would write to the master blocking: it cannot reopen one as it does other terminals.
      this.#master = openSync('/dev/ptmx', O_RDWR | O_NOCTTY | O_NONBLOCK);
      const libc = await loadLibc();
      this.#device = libc.unlock(this.#master);
      // We keep the far end open ourselves: with nobody there the master would read EIO, and lose its raw mode.
      this.#slave = openSync(this.#device, O_RDWR | O_NOCTTY);
      libc.makeRaw(this.#slave);
      link(this.#device, path);
    } catch (error) {
      this.#closeFiles();
      await this.#letGo();
      throw configError('CannotOpenPty', `Cannot make a pseudo-terminal at "${path}"`, error);
    }
    this.#reader = new ReadStream(this.#master);
    this.#reader.on('data', (chunk: Buffer) => onBytes(chunk));
    this.#reader.on('error', onError);
  }

  /** Sends now what fits the kernel's buffer, and the rest when there is room again. */
  write(bytes: Buffer): void {
    if (this.#reader === undefined) return;
    const all = this.#unsent.length === 0 ? bytes : Buffer.concat([this.#unsent, bytes]);
    this.#unsent = all.subarray(Math.max(0, all.length - maxUnsentBytes));
    if (this.#retry === undefined) this.#flush();
  }

  async close(): Promise<void> {
    this.#retry?.cancel();
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) {
      unlink(this.#options.path, this.#device);
      await new Promise<void>((resolve) => reader.once('close', () => resolve()).destroy());
      // The reader owned the master.
      this.#master = -1;
    }
    this.#closeFiles();
    await this.#letGo();
  }

  /** Last of all: who waits for the path finds the link gone. */
  async #letGo(): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    await release?.();
  }

  #flush(): void {
    this.#retry = undefined;
    try {
      while (this.#unsent.length > 0) this.#unsent = this.#unsent.subarray(writeSync(this.#master, this.#unsent));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        this.#options.onError(error as Error);
        return;
      }
      this.#retry = this.#options.clock.after('pty write', retryWrite, () => this.#flush());
    }
  }

  #closeFiles(): void {
    for (const file of [this.#slave, this.#master]) if (file >= 0) closeSync(file);
    this.#slave = -1;
    this.#master = -1;
  }
}

/** The four functions of the C library that Node lacks. Loaded when the first port opens: a plant on TCP needs none. */
async function loadLibc() {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const unlockpt = library.func('int unlockpt(int)');
  const ptsname = library.func('int ptsname_r(int, _Out_ void*, size_t)');
  const tcgetattr = library.func('int tcgetattr(int, void*)');
  const tcsetattr = library.func('int tcsetattr(int, int, void*)');
  const cfmakeraw = library.func('void cfmakeraw(void*)');
  const succeed = (what: string, result: number) => {
    if (result !== 0) throw new Error(`${what} failed with ${result}`);
  };
  return {
    /** Lets the far end be opened, and tells where it is. */
    unlock(master: number): string {
      succeed('unlockpt', unlockpt(master));
      const name = Buffer.alloc(128);
      succeed('ptsname_r', ptsname(master, name, name.length));
      return name.toString('latin1', 0, name.indexOf(0));
    },
    /** No echo, no line editing, no translation of line ends: bytes pass as they are. */
    makeRaw(terminal: number): void {
      // Larger than struct termios is on any platform (60 bytes on x86-64).
      const settings = Buffer.alloc(256);
      succeed('tcgetattr', tcgetattr(terminal, settings));
      cfmakeraw(settings);
      succeed('tcsetattr', tcsetattr(terminal, 0, settings));
    },
  };
}

/** A link that an earlier run left behind is replaced (whoever still runs holds the path, see holdPath); anything else at `path` is somebody's, and stays. */
function link(device: string, path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(path).startsWith('/dev/pts/')) unlinkSync(path);
  else if (found) throw new Error('something else is there already; remove it, or choose another path');
  symlinkSync(device, path);
}

/** Removes the link unless somebody else has put theirs there. */
function unlink(path: string, device: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(path) === device) unlinkSync(path);
}
