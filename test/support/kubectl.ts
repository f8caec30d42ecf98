import { run } from './run.ts';

export const hasKubectl = async (): Promise<boolean> => (await run('kubectl', ['version', '--client'], {})).code === 0;

/** Ends a test file that cannot run here, in the words that test/run.ts counts as skipped; in CI that is a failure. */
export function skip(reason: string): never {
  console.log(`skipped: ${reason}`);
  process.exit(process.env.CI ? 1 : 0);
}
