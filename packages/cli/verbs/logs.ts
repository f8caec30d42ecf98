import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { configError } from '@selvedge/base/errors';
import { nearest } from '@selvedge/base/nearest';
import type { Command } from 'commander';
import { defaultDirectory } from '../up/home.ts';
import { logLine } from '../view/log-line.ts';

/** `logs [process]`: what the processes wrote, made readable. */
export function addLogs(program: Command, { print }: { print: (text: string) => void }): void {
  program
    .command('logs [process]')
    .description('show what the processes wrote: cloud, gateway (with its mappers), hil-sim')
    .option('--dir <directory>', 'state directory', defaultDirectory)
    .option('--lines <count>', 'how many lines', '50')
    .option('-f, --follow', 'go on as they write', false)
    .action(async (process_: string | undefined, given: { dir: string; lines: string; follow: boolean }) => {
      const count = Number(given.lines);
      if (!Number.isInteger(count) || count < 1)
        throw configError('Usage', `Cannot show "${given.lines}" lines: it must be a whole number from 1`);
      const folder = join(given.dir, 'logs');
      const names = existsSync(folder)
        ? readdirSync(folder)
            .filter((name) => name.endsWith('.log'))
            .map((name) => basename(name, '.log'))
        : [];
      if (names.length === 0)
        throw configError(
          'NoLogs',
          `Cannot show logs: there are none in "${folder}"; name the state directory with --dir`,
        );
      if (process_ !== undefined && !names.includes(process_)) {
        const near = nearest(process_, names);
        throw configError(
          'NoLogs',
          `Cannot show logs of "${process_}": ${near ? `did you mean "${near}"?` : `there are ${names.join(', ')}`}`,
        );
      }
      const paths = (process_ === undefined ? names : [process_]).map((name) => join(folder, `${name}.log`));
      const lines = paths.flatMap((path) => readFileSync(path, 'utf8').split('\n').filter(Boolean));
      for (const line of byTime(lines).slice(-count)) print(logLine(line));
      if (given.follow) await follow(paths, print);
    });
}

/** Lines in the order of their times; lines without one stay behind the one before. */
function byTime(lines: readonly string[]): string[] {
  const timeOf = (line: string) => /"time":"([^"]+)"/.exec(line)?.[1] ?? '';
  return [...lines].sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
}

/** Prints what is appended to the files, until the process is ended. A file that has been put aside begins anew. */
async function follow(paths: readonly string[], print: (text: string) => void): Promise<never> {
  const sizes = new Map(paths.map((path) => [path, statSync(path).size]));
  for (;;) {
    await sleep(250);
    for (const path of paths) {
      const size = existsSync(path) ? statSync(path).size : 0;
      const seen = sizes.get(path) ?? 0;
      if (size === seen) continue;
      const text = readFileSync(path)
        .subarray(size < seen ? 0 : seen)
        .toString('utf8');
      for (const line of text.split('\n').filter(Boolean)) print(logLine(line));
      sizes.set(path, size);
    }
  }
}
