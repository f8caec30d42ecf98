import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configError, describeError } from '@selvedge/base/errors';
import { writeWhole } from './write-whole.ts';

/** Where state lies when nobody names a place. */
export const defaultDirectory = '.selvedge';

const markName = '.selvedge-state';
const format = 1;

/** What is remembered about a state directory from one start to the next. */
export interface HomeMark {
  readonly format: number;
  /** What runs from it: the whole product on one box, or one more gateway. */
  readonly kind: 'up' | 'join';
  /** The sample devices were applied once; somebody who deletes them does not want them back. */
  readonly samplesApplied?: boolean;
  /** What the last start was asked for, so that `status`, and a second `join`, need not be told again. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** The one directory that everything lives in, below `--dir`. */
export class Home {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = resolve(directory);
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /**
   * Makes the directory ours: makes it, or checks that it is.
   * @throws configError `NotOurDirectory` when it holds somebody else's files or another kind of state
   */
  open(kind: HomeMark['kind']): HomeMark {
    const mark = this.mark();
    if (mark === undefined) {
      const found = filesIn(this.directory);
      if (found.length > 0) throw this.#notOurs(`it holds ${found[0]} and was not made by selvedge`);
      mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    } else if (mark.kind !== kind) {
      throw this.#notOurs(`it belongs to \`selvedge ${mark.kind}\``);
    }
    for (const folder of ['run', 'logs']) mkdirSync(this.path(folder), { recursive: true, mode: 0o700 });
    const result = mark ?? { format, kind };
    if (mark === undefined) this.write(result);
    return result;
  }

  /** The mark, or undefined when there is none. @throws configError `NotOurDirectory` when it cannot be read */
  mark(): HomeMark | undefined {
    let text: string;
    try {
      text = readFileSync(this.path(markName), 'utf8');
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw this.#notOurs(describeError(error));
    }
    const mark = parse(text);
    if (mark === undefined) throw this.#notOurs(`its ${markName} cannot be read`);
    if (mark.format > format) throw this.#notOurs('a newer selvedge wrote it; use that one');
    return mark;
  }

  write(mark: HomeMark): void {
    writeWhole(this.path(markName), `${JSON.stringify(mark)}\n`);
  }

  /** Deletes the directory, if it is ours; does nothing when there is none. @throws configError `NotOurDirectory` */
  remove(): void {
    if (this.mark() === undefined) {
      const found = filesIn(this.directory);
      if (found.length === 0) return;
      throw this.#notOurs(`it holds ${found[0]} but no ${markName}, so it is not deleted`);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  #notOurs(reason: string) {
    return configError(
      'NotOurDirectory',
      `Cannot use directory "${this.directory}": ${reason}; name another with --dir`,
    );
  }
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw configError('NotOurDirectory', `Cannot use directory "${directory}": ${describeError(error)}`);
  }
}

function parse(text: string): HomeMark | undefined {
  try {
    const mark = JSON.parse(text) as HomeMark;
    return typeof mark?.format === 'number' && (mark.kind === 'up' || mark.kind === 'join') ? mark : undefined;
  } catch {
    return undefined;
  }
}

const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
