import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiException, KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { type Action, type Answer, type KubectlAction, type Scenario, words } from './action.ts';
import { inOrder, normalise } from './normalise.ts';

/** An API server that actions run on. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
}

export interface RunOptions {
  readonly target: Target;
  /** Path of the kubectl to use. */
  readonly kubectl: string;
  /** A folder for this run's files; one folder per target. */
  readonly directory: string;
}

const actionLimitMs = 40_000;
const slowActionLimitMs = 100_000;

interface Run {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

/** Runs a scenario's actions in order. A failing action is an answer like any other, and the rest still runs. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Answer[]> {
  const directory = join(options.directory, scenario.name);
  const files = join(directory, 'files');
  mkdirSync(files, { recursive: true });
  for (const [name, text] of Object.entries(scenario.files ?? {})) writeFileSync(join(files, name), text);
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, withNamespace(readFileSync(options.target.kubeconfig, 'utf8'), scenario.name));
  const running = new Map<string, Run>();
  const answers: Answer[] = [];

  const start = (action: KubectlAction): Run =>
    startProgram(options.kubectl, words(action.kubectl), {
      cwd: files,
      stdin: action.stdin ?? '',
      env: {
        PATH: process.env.PATH ?? '',
        HOME: directory,
        KUBECONFIG: kubeconfig,
        TZ: 'UTC',
        LANG: 'C.UTF-8',
        ...(action.editor === undefined ? {} : { KUBE_EDITOR: `sed -i -e '${action.editor}'` }),
      },
    });
  const normal = (text: string) =>
    normalise(text, {
      url: options.target.url,
      directory: files,
      generated: scenario.generated ?? [],
      now: Date.now(),
    });
  const answer = (action: Action, exit: number | null, stdout: string, stderr: string) => {
    const { keep, keepErrors } = action.restrict ?? {};
    answers.push({
      action: action.name,
      exit,
      stdout: inOrder(normal(keep === undefined ? stdout : keepPart(keep, stdout))),
      stderr: normal(keepErrors === undefined ? stderr : keepPart(keepErrors, stderr)),
    });
  };

  try {
    for (const action of scenario.actions) {
      if ('call' in action) {
        const config = new KubeConfig();
        config.loadFromFile(kubeconfig);
        try {
          const value = await limited(
            action.call({ config, namespace: scenario.name }),
            scenario.slow ? slowActionLimitMs : actionLimitMs,
          );
          answer(action, 0, JSON.stringify(value, null, 2) ?? 'undefined', '');
        } catch (error) {
          answer(action, 1, '', thrownText(error));
        }
      } else if ('collect' in action) {
        const run = running.get(action.collect);
        if (run === undefined) throw new Error(`"${scenario.name}": nothing runs as "${action.collect}"`);
        running.delete(action.collect);
        await linesPrinted(run, action.lines);
        run.child.kill('SIGKILL');
        await run.ended;
        answer(action, null, run.output.stdout, run.output.stderr);
      } else if (action.background !== undefined) {
        const run = start(action);
        running.set(action.background.id, run);
        await (action.background.lines === 0 ? pause(1_000) : linesPrinted(run, action.background.lines));
      } else {
        const run = start(action);
        const exit = await run.ended;
        answer(action, exit, run.output.stdout, run.output.stderr);
      }
    }
  } finally {
    for (const { child } of running.values()) child.kill('SIGKILL');
  }
  return answers;
}

/** A part that cannot be taken (an error instead of JSON, say) is the whole. */
function keepPart(keep: (output: string) => string, output: string): string {
  try {
    return keep(output);
  } catch (error) {
    return `${output}\n(not restricted: ${error instanceof Error ? error.message : String(error)})`;
  }
}

/** client-node's exceptions hold the status as text; what a program reads of them is the code and the Status. */
function thrownText(error: unknown): string {
  if (error instanceof ApiException) return `HTTP ${error.code} ${String(error.body).trim()}`;
  return error instanceof Error ? error.message : String(error);
}

function withNamespace(kubeconfig: string, namespace: string): string {
  const config = parse(kubeconfig) as { contexts: { context: { namespace?: string } }[] };
  for (const { context } of config.contexts) context.namespace = namespace;
  return JSON.stringify(config);
}

function startProgram(
  program: string,
  args: readonly string[],
  options: { cwd: string; stdin: string; env: Record<string, string> },
): Run {
  if (!existsSync(program)) throw new Error(`Cannot run kubectl "${program}": no such file`);
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  // A program that ends before it has read its input closes the pipe; its exit code tells the story.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin);
  const timer = setTimeout(() => {
    output.stderr += `\nnot ended within ${actionLimitMs / 1_000} s; killed\n`;
    child.kill('SIGKILL');
  }, actionLimitMs);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => clearTimeout(timer));
  return { child, output, ended };
}

/** Resolves when so many lines were printed, the run has ended, or 10 s have passed: the comparison shows which. */
async function linesPrinted({ child, output }: Run, lines: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (output.stdout.split('\n').length - 1 < lines && child.exitCode === null && performance.now() < deadline) {
    await pause(10);
  }
}

async function limited<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  const stop = new AbortController();
  const limit = pause(limitMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`not settled within ${limitMs / 1_000} s`);
  });
  limit.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    stop.abort();
  }
}
