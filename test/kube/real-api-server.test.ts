import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findKubePrograms, startRealApiServer } from './real-api-server.ts';

const test = suite('real API server');
const found = findKubePrograms();

if ('missing' in found) {
  console.log(`skipped: real API server: ${found.missing}`);
} else {
  const { programs } = found;
  test('starts, takes a pod, and leaves nothing behind when stopped', async () => {
    const server = await startRealApiServer(programs);
    const kubectl = (...args: string[]) =>
      execFileSync(programs.kubectl, ['--kubeconfig', server.kubeconfig, ...args], { encoding: 'utf8' });
    try {
      assert.is(kubectl('run', 'one', '--image=none'), 'pod/one created\n');
      assert.is(kubectl('get', 'pod', 'one', '-o', 'jsonpath={.spec.serviceAccountName}'), 'default');
    } finally {
      await server.stop();
    }
    assert.not(existsSync(server.directory));
  });
}

test.run();
