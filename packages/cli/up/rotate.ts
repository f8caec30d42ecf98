import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

export interface RotateOptions {
  readonly path: string;
  /** A file that has grown past this is put aside. Default 2 MiB. */
  readonly maxBytes?: number;
  /** How many files there are at most, the one being written included. Default 5. */
  readonly keep?: number;
}

/** A log file that never takes more than `maxBytes * keep` on disk: `x.log`, then `x.log.1` (newest) to `x.log.4`. */
export class RotatingFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  /** Absent while the file cannot be opened: its number may be somebody else's by now. */
  #fd: number | undefined;
  #size = 0;

  constructor({ path, maxBytes = 2 * 1_048_576, keep = 5 }: RotateOptions) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    this.#fd = this.#open();
  }

  /** Appends one line. A disk that is full, or a folder that was deleted, costs the line, never the process that is logged. */
  line(text: string): void {
    const bytes = Buffer.from(`${text}\n`);
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#maxBytes) this.#rotate();
      this.#fd ??= this.#open();
      writeSync(this.#fd, bytes);
      this.#size += bytes.length;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    const fd = openSync(this.#path, 'a', 0o600);
    this.#size = fstatSync(fd).size;
    return fd;
  }

  #rotate(): void {
    this.close();
    rmSync(`${this.#path}.${this.#keep - 1}`, { force: true });
    for (let index = this.#keep - 2; index >= 1; index--) move(`${this.#path}.${index}`, `${this.#path}.${index + 1}`);
    if (this.#keep > 1) move(this.#path, `${this.#path}.1`);
    else rmSync(this.#path, { force: true });
    this.#size = 0;
  }
}

/** A file of the row that somebody deleted is no reason to stop logging. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
