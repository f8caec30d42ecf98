import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Clock, Timer } from '@selvedge/base/clock';
import { type Duration, millis, seconds } from '@selvedge/base/duration';
import { type ErrorKind, exitCode, FieldError } from '@selvedge/base/errors';
import { within } from '@selvedge/base/lifecycle';
import { systemRandom } from '@selvedge/base/random';
import { backoff } from '@selvedge/base/retry';
import { LineSplitter } from './lines.ts';
import { groupMembers, processInfo, signal } from './proc.ts';
import type { ProcessRecord } from './record.ts';
import type { RotatingFile } from './rotate.ts';

export interface ProcessPlan {
  readonly name: string;
  /** Arguments for node. */
  readonly args: readonly string[];
  /** A path that stands in `args`, by which the process is known later. */
  readonly program: string;
  /** How long it may take to stop by itself. */
  readonly grace: Duration;
}

/** One line of a process's log that means something to us. */
export interface LogLine {
  readonly message?: string;
  readonly level?: string;
  readonly error?: string;
  readonly [field: string]: unknown;
}

/** What a process tells by its exit code. */
const errorKinds: Readonly<Record<number, ErrorKind>> = {
  [exitCode.config]: 'config',
  [exitCode.unavailable]: 'transient',
};

/** A process that was ready for this long has shown that it can run: its next restart is quick again. */
const provenAfter = seconds(20);

/**
 * One process of ours: started, logged, started again when it dies, stopped. In a process group of its own, so that a Ctrl-C
 * at the terminal reaches us alone and we stop things in order, and so that nothing it started can outlive it.
 */
export class SupervisedProcess {
  readonly plan: ProcessPlan;
  readonly #clock: Clock;
  readonly #log: RotatingFile;
  readonly #onChange: (record: ProcessRecord) => void;
  #record: ProcessRecord;
  #child: ChildProcess | undefined;
  #stopping = false;
  #pause: Timer | undefined;
  #delays = newDelays();
  #lastError: string | undefined;
  #ready = deferred<LogLine>();
  #startedAt = 0;

  constructor(plan: ProcessPlan, deps: { clock: Clock; log: RotatingFile; onChange: (record: ProcessRecord) => void }) {
    this.plan = plan;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#onChange = deps.onChange;
    this.#record = { name: plan.name, state: 'Waiting', since: deps.clock.now(), restarts: 0, program: plan.program };
  }

  get record(): ProcessRecord {
    return this.#record;
  }

  /**
   * Starts it, and resolves with its `ready` line.
   * @throws FieldError `NotStarted` with the last thing it said, of the kind that its exit code tells, when it ends before it was
   * ready; Error when it is not ready in time. It is not tried again: at the first start a person looks on.
   */
  async start(limit: Duration): Promise<LogLine> {
    this.#spawn();
    return within(this.#clock, limit, `start ${this.plan.name}`, this.#ready.promise);
  }

  /** Asks it to end, kills it when its grace is over, and then whatever is left of its group. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#pause?.cancel();
    // Whoever still waits for it to be ready must not wait out the limit.
    this.#ready.reject(new Error(`${this.plan.name} was stopped`));
    const child = this.#child;
    if (child?.pid !== undefined) {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const killer = this.#clock.after('kill', this.plan.grace, () => child.kill('SIGKILL'));
        await ended;
        killer.cancel();
      }
      for (const pid of groupMembers(child.pid)) signal(pid, 'SIGKILL');
    }
    this.#become('Terminated');
  }

  #spawn(): void {
    const child = spawn(process.execPath, [...this.plan.args], {
      // 3: the leash (leash.ts).
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, SELVEDGE_LEASH: String(process.pid) },
    });
    this.#child = child;
    this.#startedAt = this.#clock.monotonic();
    this.#lastError = undefined;
    const lines = new LineSplitter((line) => this.#onLine(line));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk: string) => lines.push(chunk));
    }
    // A leash that breaks on the other end is that process's death, which 'exit' tells.
    child.stdio[3]?.on('error', () => {});
    child.once('error', (error) => this.#onEnd(undefined, `cannot be started: ${error.message}`));
    child.once('exit', (code, name) => {
      const how = name === null ? `ended with code ${code}` : `was ended by ${name}`;
      // Its last words may still be in the pipe. The pipe's end is not waited for: children of its own may hold it open.
      this.#pause = this.#clock.after('last words', millis(50), () => {
        lines.end();
        this.#onEnd(code ?? undefined, how);
      });
    });
    const startTicks = child.pid === undefined ? undefined : processInfo(child.pid)?.startTicks;
    this.#become('Waiting', 'Starting', {
      ...(child.pid === undefined ? {} : { pid: child.pid }),
      ...(startTicks === undefined ? {} : { startTicks }),
    });
  }

  #onLine(text: string): void {
    this.#log.line(text);
    const line = parseLine(text);
    if (line?.message === 'ready') {
      this.#become('Running');
      this.#ready.resolve(line);
    } else if (line?.level === 'error') {
      this.#lastError = line.error ?? line.message;
    } else if (line === undefined && /^\w*Error\b/.test(text)) {
      // The first line of a stack that Node itself printed.
      this.#lastError = text;
    }
  }

  #onEnd(code: number | undefined, how: string): void {
    const child = this.#child;
    if (this.#stopping || child === undefined) return;
    this.#child = undefined;
    const reason = this.#lastError === undefined ? how : `${how}: ${this.#lastError}`;
    const restarts = this.#record.restarts + 1;
    if (!this.#ready.settled) {
      this.#become('Terminated', reason);
      const text = `Cannot start ${this.plan.name}: ${this.#lastError ?? `it ${how}`}`;
      const kind = errorKinds[code ?? exitCode.bug] ?? 'bug';
      this.#ready.reject(new FieldError(text, { code: 'NotStarted', kind }));
      return;
    }
    if (this.#clock.monotonic() - this.#startedAt > provenAfter) this.#delays = newDelays();
    const delay = this.#delays.next().value;
    this.#become(delay > 2_000 ? 'CrashLoopBackOff' : 'Waiting', reason, { restarts });
    this.#pause = this.#clock.after('restart', delay, () => this.#spawn());
  }

  #become(state: ProcessRecord['state'], reason?: string, more: Partial<ProcessRecord> = {}): void {
    const { pid, startTicks, restarts } = this.#record;
    const alive = state === 'Running' || more.pid !== undefined;
    this.#record = {
      name: this.plan.name,
      program: this.plan.program,
      state,
      since: this.#clock.now(),
      restarts,
      ...(reason === undefined ? {} : { reason }),
      ...(alive && pid !== undefined ? { pid } : {}),
      ...(alive && startTicks !== undefined ? { startTicks } : {}),
      ...more,
    };
    this.#onChange(this.#record);
  }
}

const newDelays = () => backoff({ first: millis(100), max: seconds(30), factor: 3, random: systemRandom });

function parseLine(text: string): LogLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}

/** A promise with its ends outside, that knows whether it has been settled. */
function deferred<Value>() {
  let resolveIt: (value: Value) => void = () => {};
  let rejectIt: (error: Error) => void = () => {};
  const promise = new Promise<Value>((resolve, reject) => {
    resolveIt = resolve;
    rejectIt = reject;
  });
  // Whoever awaits `promise` gets the failure; that nobody does at the moment is no crash.
  promise.catch(() => {});
  const result = {
    promise,
    settled: false,
    resolve(value: Value) {
      result.settled = true;
      resolveIt(value);
    },
    reject(error: Error) {
      result.settled = true;
      rejectIt(error);
    },
  };
  return result;
}
