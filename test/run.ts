/**
 * Runs the test files, each in a process of its own: `npm t` for all that need nothing installed, `npm run t PLACE...` for
 * the files under the places named. uvu alone lets a file without `test.run()` pass, hangs on a leaked handle, and has no
 * limit in time; here each of these fails. The last line is always `N passed, N failed[, N skipped]`.
 *
 *   --limit SECONDS   time one file may take (default 60)
 *   --jobs N          files run at the same time (default: the machine's cores)
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { descendantsOf } from './support/process-tree.ts';
import { listTestFiles } from './support/test-files.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { limit: { type: 'string', default: '60' }, jobs: { type: 'string' } },
});

interface Result {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly output: string;
}

const files = listTestFiles(positionals);
if (files.length === 0) {
  console.error(`No test file (*.test.ts) under ${positionals.join(', ') || 'the project'}`);
  console.log('0 passed, 1 failed');
  process.exit(1);
}

const tsconfig = join(import.meta.dirname, 'tsconfig.json');
const queue = [...files];
const results: Result[] = [];
const jobs = Math.max(1, Number(values.jobs ?? availableParallelism()));
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file);
      results.push(result);
      const mark = result.failed > 0 ? 'FAIL' : 'ok  ';
      console.log(
        `${mark} ${result.file}  ${result.passed} passed${result.skipped ? `, ${result.skipped} skipped` : ''}  ${result.seconds.toFixed(1)} s`,
      );
      if (result.failed > 0) console.log(result.output.trimEnd());
      else
        for (const line of result.output.split('\n')) if (line.includes('skipped:')) console.log(`     ${line.trim()}`);
    }
  }),
);

const slowest = [...results].sort((a, b) => b.seconds - a.seconds).slice(0, 5);
console.log(`\nslowest: ${slowest.map((result) => `${result.file} ${result.seconds.toFixed(1)} s`).join(', ')}`);
const total = (pick: (result: Result) => number) => results.reduce((sum, result) => sum + pick(result), 0);
const failed = total((result) => result.failed);
const skipped = total((result) => result.skipped);
console.log(`${total((result) => result.passed)} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);

/** One file under uvu. No test run, a non-zero exit or the time limit each count as one failure. */
function runFile(file: string): Promise<Result> {
  const limitSeconds = Number(values.limit);
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      env: { ...process.env, FORCE_COLOR: '0', NODE_ENV: 'test', TSX_TSCONFIG_PATH: tsconfig },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let timedOut = false;
    const collect = (chunk: Buffer) => {
      if (output.length < 2_000_000) output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const timer = setTimeout(() => {
      timedOut = true;
      // Programs that it runs in groups of their own first: once it is dead nobody knows whose they were.
      for (const { pid } of child.pid === undefined ? [] : descendantsOf(child.pid)) kill(pid);
      killGroup(child.pid);
    }, limitSeconds * 1_000);
    child.on('close', (code) => {
      clearTimeout(timer);
      killGroup(child.pid);
      // uvu closes each run with a block of `Total:`, `Passed:`, `Skipped:`, `Duration:`.
      const count = (label: string) =>
        [...output.matchAll(new RegExp(`^ {2}${label}: +(\\d+)$`, 'gm'))].reduce(
          (sum, match) => sum + Number(match[1]),
          0,
        );
      const total = count('Total');
      const passed = count('Passed');
      const skipped = count('Skipped') + [...output.matchAll(/^skipped: /gm)].length;
      let failed = Math.max(total - passed - count('Skipped'), code === 0 ? 0 : 1);
      if (timedOut) {
        failed = Math.max(failed, 1);
        output += `\n${file}: not finished within ${limitSeconds} s; killed`;
      } else if (total === 0 && skipped === 0) {
        failed = Math.max(failed, 1);
        output += `\n${file}: ran no test; does it call test.run()?`;
      }
      const seconds = (performance.now() - started) / 1_000;
      resolve({ file, passed, failed, skipped, seconds, output });
    });
  });
}

/** The file's whole process group, so that what a test started and forgot does not outlive it. */
function killGroup(pid: number | undefined): void {
  if (pid !== undefined) kill(-pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
