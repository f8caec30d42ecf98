import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { configError } from '@selvedge/base/errors';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

const schema = Type.Object({
  version: Type.Literal(1),
  /** Coils and holding registers, by `device.point`. */
  points: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean()])),
  /** What each signal remembers, by name. */
  signals: Type.Record(Type.String(), Type.Object({ value: Type.Number(), elapsed: Type.Number() })),
});

export type SavedState = Static<typeof schema>;

/** What a plant keeps while it is switched off, as a PLC keeps its set-points. */
export class StateFile {
  readonly #path: string;
  #saved = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** What was saved, or undefined at the first start. @throws configError `InvalidState` */
  load(): SavedState | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw configError('InvalidState', `Cannot read plant state "${this.#path}"`, error);
    }
    const state = parse(text);
    if (Value.Check(schema, state)) return state;
    throw configError(
      'InvalidState',
      `Cannot read plant state "${this.#path}": it is damaged; delete it to start anew`,
    );
  }

  /** Replaces the file when `state` differs from what was saved last. Whole at any moment, also when the power fails. */
  save(state: SavedState): void {
    const text = JSON.stringify(state);
    if (text === this.#saved) return;
    const temporary = `${this.#path}.new`;
    // Made once: a folder that somebody deletes later is not made anew behind their back.
    if (this.#saved === '') mkdirSync(dirname(this.#path), { recursive: true });
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.#path);
    this.#saved = text;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
