import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findKubePrograms, startRealApiServer } from '../../kube/real-api-server.ts';
import { report } from './compare.ts';
import { findKubectl, kubectlVersions } from './kubectls.ts';
import { startOurs } from './ours.ts';
import { run } from './run.ts';
import { scenarios } from './scenarios.ts';

/**
 * Every action on our API server and on a real one. `--against recorded` of main.ts does the same without a real one;
 * here, where it is decided, the judge is alive.
 */
const test = suite('kubectl on our API server and on a real one');
const found = findKubePrograms();

test('the list has at least 120 actions, each with a name of its own in its scenario', () => {
  const names = scenarios.flatMap(({ name, actions }) => actions.map((action) => `${name}: ${action.name}`));
  assert.ok(names.length >= 120, `${names.length} actions`);
  assert.is(new Set(names).size, names.length);
});

/** On a person's machine a missing tool is a reason to skip; in CI it is a failure. */
function unavailable(reason: string): void {
  if (process.env.CI === undefined) console.log(`skipped: ${reason}`);
  else test(`the tools are there: ${reason}`, () => assert.unreachable(reason));
}

for (const version of kubectlVersions) {
  const kubectl = findKubectl(version);
  if ('missing' in found) {
    unavailable(`kubectl ${version} against a real API server: ${found.missing}`);
  } else if (kubectl === undefined) {
    unavailable(`no kubectl ${version} on PATH or in the cache`);
  } else {
    test(`kubectl ${version} and client-node get the same answers from both`, async () => {
      const judge = await startRealApiServer(found.programs);
      const subject = await startOurs();
      try {
        const comparisons = await run({ scenarios, kubectl, subject, judge: { name: 'real', ...judge } });
        const differences = comparisons.filter(({ difference }) => difference !== '');
        assert.is(differences.length, 0, `${differences.length} differ\n${report(scenarios, comparisons)}`);
      } finally {
        await Promise.all([judge.stop(), subject.stop()]);
      }
    });
  }
}

test.run();
