/** Ctrl-C, `kill`, or a terminal that was closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface StopRequest {
  /** Aborted at the first request. */
  readonly signal: AbortSignal;
  /** Resolves at the first request. */
  readonly asked: Promise<void>;
  dispose(): void;
}

/** @param onAgain  called when somebody asks again, because stopping takes too long for them */
export function listenForStop(onAgain: () => void): StopRequest {
  const abort = new AbortController();
  const handle = () => {
    if (abort.signal.aborted) onAgain();
    else abort.abort(new Error('asked to stop'));
  };
  for (const name of signals) process.on(name, handle);
  return {
    signal: abort.signal,
    asked: new Promise((resolve) => abort.signal.addEventListener('abort', () => resolve(), { once: true })),
    dispose: () => {
      for (const name of signals) process.off(name, handle);
    },
  };
}
