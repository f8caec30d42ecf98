import type { Clock } from '@selvedge/base/clock';
import { type Duration, minutes } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import type { Home } from './home.ts';
import { groupMembers, signal } from './proc.ts';
import { type LogLine, type ProcessPlan, SupervisedProcess } from './process.ts';
import { type ProcessRecord, removeRecord, writeRecord } from './record.ts';
import { RotatingFile } from './rotate.ts';

/** Node flags for a small memory: what they save and cost is measured in docs/bench. */
export const nodeFlags = ['--max-semi-space-size=1', '--optimize-for-size'] as const;

/** The cloud serves many requests at once: smaller code and a smaller young generation would make it several times slower. */
export const cloudFlags = ['--max-semi-space-size=4'] as const;

/** The processes of one `up` or `join`: started one by one, stopped in the order that is asked for. */
export class Crew {
  readonly #home: Home;
  readonly #clock: Clock;
  readonly #say: (text: string) => void;
  #stopped = false;
  readonly #members: { process: SupervisedProcess; log: RotatingFile }[] = [];
  /** Whether the newest record could be written. */
  #recording = true;

  constructor(deps: { home: Home; clock: Clock; say: (text: string) => void }) {
    this.#home = deps.home;
    this.#clock = deps.clock;
    this.#say = deps.say;
  }

  /** @throws Error when it ends before it is ready, with its last error */
  start(plan: ProcessPlan, limit: Duration = minutes(1)): Promise<LogLine> {
    if (this.#stopped) return Promise.reject(new Error(`${plan.name} is not started: stopping`));
    const log = new RotatingFile({ path: this.#home.path('logs', `${plan.name}.log`) });
    let wasReady = false;
    const process = new SupervisedProcess(plan, {
      clock: this.#clock,
      log,
      onChange: (record) => {
        this.#keep(record);
        if (record.state === 'Running') {
          if (wasReady) this.#say(`${plan.name} runs again (pid ${record.pid})`);
          wasReady = true;
        } else if (wasReady && record.pid === undefined && record.state !== 'Terminated') {
          this.#say(`${plan.name} ${record.reason}; starting it again`);
        }
      },
    });
    this.#members.push({ process, log });
    return process.start(limit);
  }

  /** Stops all, in the order of `names`, each within its grace. */
  async stop(names: readonly string[]): Promise<void> {
    this.#stopped = true;
    for (const name of names) {
      const member = this.#members.find(({ process }) => process.plan.name === name);
      if (member === undefined) continue;
      await member.process.stop();
      member.log.close();
      removeRecord(this.#home.path('run'), name);
    }
  }

  /** A disk that is full, or a folder that was deleted, costs the record, never the processes. */
  #keep(record: ProcessRecord): void {
    const folder = this.#home.path('run');
    try {
      writeRecord(folder, record);
      this.#recording = true;
    } catch (error) {
      if (this.#recording) {
        this.#say(
          `Cannot write to "${folder}": ${describeError(error)}; \`selvedge status\` shows old states until it can`,
        );
      }
      this.#recording = false;
    }
  }

  /** Kills everything now: a person asked a second time. */
  kill(): void {
    for (const { process } of this.#members) {
      const group = process.record.pid;
      for (const pid of group === undefined ? [] : groupMembers(group)) signal(pid, 'SIGKILL');
    }
  }
}
