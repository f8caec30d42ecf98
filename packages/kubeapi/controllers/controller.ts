import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@selvedge/base/clock';
import { describeError } from '@selvedge/base/errors';
import { KeyQueue } from '@selvedge/base/key-queue';
import type { Logger } from '@selvedge/base/log';
import type { WriteContext } from '../objects/context.ts';
import { serverContext } from '../objects/seed.ts';
import type { Change, Store } from '../store/store.ts';

/** Brings what is stored to where it should be, one key at a time. Level-based: a key says where to look, not what happened. */
export interface Controller {
  readonly name: string;
  /** Every key worth a look when the server starts: whatever was left undone by the process before. */
  keys(): Iterable<string>;
  /** The keys worth a look after a change. Called for every change, in order. */
  keysAfter(change: Change): Iterable<string>;
  reconcile(key: string): void;
}

export interface ControllerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Under this name the original's controllers write. */
export const controllerContext = (): WriteContext => ({ ...serverContext(), manager: 'kube-controller-manager' });

/** Runs controllers until stopped. Requests are served between any two keys. */
export function runControllers(controllers: readonly Controller[], options: ControllerOptions): () => Promise<void> {
  const { store, clock, log } = options;
  const stops = controllers.map((controller) => {
    const queue = new KeyQueue({
      clock,
      work: async (key) => {
        await turn();
        controller.reconcile(key);
        return undefined;
      },
      onError: (key, error, retryIn) =>
        log.warn('controller will try again', {
          controller: controller.name,
          key,
          retryIn,
          error: describeError(error),
        }),
    });
    const unsubscribe = store.subscribe((change) => {
      for (const key of controller.keysAfter(change)) queue.add(key);
    });
    for (const key of controller.keys()) queue.add(key);
    return () => {
      unsubscribe();
      return queue.stop();
    };
  });
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}
