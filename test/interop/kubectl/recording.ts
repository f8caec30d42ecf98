import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './action.ts';

const root = join(import.meta.dirname, 'recorded');

/** Text as lines, so that a changed answer reads well in a diff of the recording. */
interface Recorded {
  readonly action: string;
  readonly exit: number | null;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** What the real server answered when it was recorded; undefined when this scenario was not. */
export function readRecording(kubectlVersion: string, scenario: string): Answer[] | undefined {
  const file = path(kubectlVersion, scenario);
  if (!existsSync(file)) return undefined;
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded[];
  return recorded.map((one) => ({ ...one, stdout: one.stdout.join('\n'), stderr: one.stderr.join('\n') }));
}

export function writeRecording(kubectlVersion: string, scenario: string, answers: readonly Answer[]): void {
  mkdirSync(join(root, `kubectl-${kubectlVersion}`), { recursive: true });
  const recorded: Recorded[] = answers.map((answer) => ({
    ...answer,
    stdout: answer.stdout.split('\n'),
    stderr: answer.stderr.split('\n'),
  }));
  writeFileSync(path(kubectlVersion, scenario), `${JSON.stringify(recorded, null, 1)}\n`);
}

const path = (kubectlVersion: string, scenario: string): string =>
  join(root, `kubectl-${kubectlVersion}`, `${scenario}.json`);
