/**
 * Runs the list of actions by hand, for whoever changes the server:
 *
 *   npm run interop:kubectl -- --only patch,apply             ours against what was recorded of a real server
 *   npm run interop:kubectl -- --against real --only patch    ours against a real server started now
 *   npm run interop:kubectl -- --subject real --against real  real against real: proves that the list is repeatable
 *   npm run interop:kubectl -- --subject real --against real --record
 *
 *   --kubectl 1.32,1.37   versions to use (default: all that are installed)
 *   --keep                leaves the servers running until Ctrl-C and prints their kubeconfigs
 *   --table               prints a line for every action, not just for those that differ
 */
import { parseArgs } from 'node:util';
import { findKubePrograms, startRealApiServer } from '../../kube/real-api-server.ts';
import { report, table } from './compare.ts';
import { findKubectl, kubectlVersions } from './kubectls.ts';
import { startOurs } from './ours.ts';
import { run } from './run.ts';
import type { Target } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    subject: { type: 'string', default: 'ours' },
    against: { type: 'string', default: 'recorded' },
    kubectl: { type: 'string', default: kubectlVersions.join() },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
  },
});

type Running = Target & { stop(): Promise<void> };

const wanted = values.only?.split(',');
const unknown = wanted?.filter((name) => !scenarios.some((scenario) => scenario.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`No scenario "${unknown.join('", "')}"; there are ${scenarios.map(({ name }) => name).join(', ')}`);
  process.exit(64);
}
const chosen = scenarios.filter(({ name }) => wanted === undefined || wanted.includes(name));
let differing = 0;
let equal = 0;
for (const version of values.kubectl.split(',')) {
  const kubectl = findKubectl(version);
  if (kubectl === undefined) {
    console.error(`skipped: no kubectl ${version} on PATH or in the cache`);
    continue;
  }
  const judge = values.against === 'real' ? await start('real') : undefined;
  const subject = await start(values.subject);
  try {
    const comparisons = await run({
      scenarios: chosen,
      kubectl,
      subject,
      ...(judge === undefined ? {} : { judge, record: values.record }),
      onScenario: (done) => {
        if (values.table) console.log(table(done));
        const text = report(scenarios, done);
        if (text !== '') console.log(text);
      },
    });
    const differences = comparisons.filter(({ difference }) => difference !== '').length;
    differing += differences;
    equal += comparisons.length - differences;
    console.log(`kubectl ${version}: ${comparisons.length} actions, ${differences} differ`);
    if (values.keep) {
      for (const server of [judge, subject]) {
        if (server !== undefined) console.log(`${server.name}: export KUBECONFIG=${server.kubeconfig}`);
      }
      await new Promise((resolve) => process.once('SIGINT', resolve));
    }
  } finally {
    await Promise.all([judge?.stop(), subject.stop()]);
  }
}
console.log(`${equal} passed, ${differing} failed`);
process.exit(differing > 0 || equal === 0 ? 1 : 0);

async function start(kind: string): Promise<Running> {
  if (kind === 'ours') return startOurs();
  const found = findKubePrograms();
  if ('missing' in found) {
    console.error(`Cannot start a real API server: ${found.missing}`);
    process.exit(69);
  }
  return { name: 'real', ...(await startRealApiServer(found.programs)) };
}
