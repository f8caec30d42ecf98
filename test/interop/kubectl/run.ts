import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Scenario } from './action.ts';
import { type Comparison, compare } from './compare.ts';
import type { Kubectl } from './kubectls.ts';
import { prepare } from './prepare.ts';
import { readRecording, writeRecording } from './recording.ts';
import { runScenario, type Target } from './run-scenario.ts';

export interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly kubectl: Kubectl;
  readonly subject: Target;
  /** The real server to compare with; without one, what was recorded of it. */
  readonly judge?: Target;
  /** Writes the judge's answers down for later runs without one. */
  readonly record?: boolean;
  readonly onScenario?: (comparisons: readonly Comparison[]) => void;
}

/** Runs every scenario on the subject, and on the judge at the same time when there is one. */
export async function run(plan: Plan): Promise<Comparison[]> {
  const directory = mkdtempSync(join(tmpdir(), 'selvedge-kubectl-'));
  const names = plan.scenarios.map(({ name }) => name);
  const all: Comparison[] = [];
  try {
    const targets = plan.judge === undefined ? [plan.subject] : [plan.judge, plan.subject];
    await Promise.all(targets.map((target) => prepare(target, names)));
    const answersOf = (target: Target, side: string, scenario: Scenario): Promise<Answer[]> => {
      const folder = join(directory, side);
      mkdirSync(folder, { recursive: true });
      return runScenario(scenario, { target, kubectl: plan.kubectl.path, directory: folder });
    };
    const runOne = async (scenario: Scenario) => {
      const [wanted, got] = await Promise.all([
        plan.judge === undefined
          ? (readRecording(plan.kubectl.version, scenario.name) ?? [])
          : answersOf(plan.judge, 'judge', scenario),
        answersOf(plan.subject, 'subject', scenario),
      ]);
      if (plan.record === true) writeRecording(plan.kubectl.version, scenario.name, wanted);
      const comparisons = compare(scenario, wanted, got);
      plan.onScenario?.(comparisons);
      all.push(...comparisons);
    };
    const slow = Promise.all(plan.scenarios.filter((scenario) => scenario.slow).map(runOne));
    // Awaited below; when one of the others fails first, its failure is the one that counts.
    slow.catch(() => undefined);
    for (const scenario of plan.scenarios.filter((one) => !one.slow)) await runOne(scenario);
    await slow;
    return all;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
