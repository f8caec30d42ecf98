import type { Answer, Scenario } from './action.ts';
import { lineDiff } from './diff.ts';

export interface Comparison {
  readonly scenario: string;
  readonly action: string;
  /** Why only a part was compared, if so. */
  readonly restricted?: string;
  /** Empty when the answers are equal. */
  readonly difference: string;
}

/** Puts what was wanted (the real server's answers) beside what was got, action by action. */
export function compare(scenario: Scenario, wanted: readonly Answer[], got: readonly Answer[]): Comparison[] {
  return scenario.actions
    .filter((action) => !('background' in action && action.background !== undefined))
    .map((action) => {
      const left = wanted.find((answer) => answer.action === action.name);
      const right = got.find((answer) => answer.action === action.name);
      return {
        scenario: scenario.name,
        action: action.name,
        ...(action.restrict === undefined ? {} : { restricted: action.restrict.reason }),
        difference: difference(left, right),
      };
    });
}

function difference(wanted: Answer | undefined, got: Answer | undefined): string {
  if (wanted === undefined) return 'no answer of the real server to compare with; record it';
  if (got === undefined) return 'not run';
  const parts: string[] = [];
  if (wanted.exit !== got.exit) parts.push(`exit code: - ${wanted.exit} + ${got.exit}`);
  for (const stream of ['stdout', 'stderr'] as const) {
    if (wanted[stream] !== got[stream]) parts.push(`${stream}:\n${lineDiff(wanted[stream], got[stream])}`);
  }
  return parts.join('\n');
}

/** One line per action: `ok` or `DIFF`, with the reason where only a part was compared. */
export function table(comparisons: readonly Comparison[]): string {
  return comparisons
    .map(({ scenario, action, restricted, difference: found }) => {
      const note = restricted === undefined ? '' : `  (in part: ${restricted})`;
      return `${found === '' ? 'ok  ' : 'DIFF'} ${scenario}: ${action}${note}`;
    })
    .join('\n');
}

/** Each difference in full: `-` is the real server, `+` is ours. */
export function report(scenarios: readonly Scenario[], comparisons: readonly Comparison[]): string {
  return comparisons
    .filter(({ difference: found }) => found !== '')
    .map(({ scenario, action, difference: found }) => {
      const step = scenarios.find(({ name }) => name === scenario)?.actions.find(({ name }) => name === action);
      const command = step !== undefined && 'kubectl' in step ? `\n  kubectl ${step.kubectl}` : '';
      return `${scenario}: ${action}${command}\n${found}\n`;
    })
    .join('\n');
}
