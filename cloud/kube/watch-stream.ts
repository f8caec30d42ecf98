import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Clock, Timer } from '@selvedge/base/clock';
import type { Duration } from '@selvedge/base/duration';
import { transient } from '@selvedge/base/errors';

export interface WatchEvent<Item> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Item;
}

/** Longest line of a watch, characters: far above the largest object an API server stores. */
const maxLine = 16 * 1_048_576;

/**
 * Reads a watch, one JSON event per line, and hands each over at once. Resolves when the server ends it, or when nothing has
 * come for `idleLimit`; the stream is destroyed then.
 * @throws what `onEvent` threw; transient `BrokenWatch` for a line that is too long or not JSON, or a stream that broke
 */
export function readWatch(
  source: { stream: Readable; clock: Clock; idleLimit: Duration },
  onEvent: (event: WatchEvent<unknown>) => void,
): Promise<void> {
  const { stream, clock, idleLimit } = source;
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return new Promise((resolve, reject) => {
    let idle: Timer | undefined;
    const finish = (error?: unknown) => {
      idle?.cancel();
      // Settled first: destroying a stream that is not at its end says `aborted` at once, and the first verdict counts.
      if (error === undefined) resolve();
      else reject(error);
      stream.destroy();
    };
    const guard = () => {
      idle?.cancel();
      idle = clock.after('watch idle', idleLimit, () => finish());
    };
    guard();
    stream.on('data', (chunk: Buffer) => {
      guard();
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      try {
        if (rest.length > maxLine)
          throw transient('BrokenWatch', `Cannot read watch: a line is longer than ${maxLine}`);
        for (const line of lines) if (line !== '') onEvent(parse(line));
      } catch (error) {
        finish(error);
      }
    });
    stream.once('end', () => finish());
    stream.on('error', (error) => finish(transient('BrokenWatch', 'Cannot read watch', error)));
    stream.once('aborted', () => finish(transient('BrokenWatch', 'Cannot read watch: the connection broke')));
  });
}

function parse(line: string): WatchEvent<unknown> {
  try {
    return JSON.parse(line) as WatchEvent<unknown>;
  } catch {
    throw transient('BrokenWatch', `Cannot read watch: "${line.slice(0, 60)}" is not JSON`);
  }
}
