import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../json.ts';
import { podPrinter } from './pods.ts';

const now = Date.UTC(2026, 0, 1);
const running = { running: { startedAt: '2025-12-31T00:00:00Z' } };

function row(status: JsonObject, more: { metadata?: JsonObject; spec?: JsonObject } = {}): unknown[] {
  const pod = {
    metadata: { name: 'a', ...more.metadata },
    spec: { containers: [{ name: 'main' }, { name: 'side' }], ...more.spec },
    status,
  };
  return podPrinter.cells(pod, now).slice(1, 4);
}

const test = suite('table of pods');

test('ready containers are counted against all', () => {
  const containerStatuses = [
    { ready: true, state: running, restartCount: 0 },
    { ready: false, state: {} },
  ];
  assert.equal(row({ phase: 'Running', containerStatuses }), ['1/2', 'Running', '0']);
});

test('a container that waits gives the pod its status', () => {
  const containerStatuses = [
    { ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } },
    { ready: true, restartCount: 1, state: running, lastState: { terminated: { finishedAt: '2025-12-31T23:55:00Z' } } },
  ];
  assert.equal(row({ phase: 'Running', containerStatuses }), ['1/2', 'CrashLoopBackOff', '4 (5m ago)']);
});

test('an end without a reason is told by its code or signal', () => {
  const ended = (terminated: JsonObject) => row({ phase: 'Failed', containerStatuses: [{ state: { terminated } }] })[1];
  assert.is(ended({ exitCode: 3 }), 'ExitCode:3');
  assert.is(ended({ exitCode: 137, signal: 9 }), 'Signal:9');
  assert.is(ended({ exitCode: 1, reason: 'Error' }), 'Error');
});

test('init containers are told of while they are not done', () => {
  const spec = { initContainers: [{ name: 'one' }, { name: 'two' }] };
  const done = { state: { terminated: { exitCode: 0 } } };
  assert.is(row({ phase: 'Pending', initContainerStatuses: [done, { state: {} }] }, { spec })[1], 'Init:1/2');
  const failed = { state: { terminated: { exitCode: 1, reason: 'Error' } } };
  assert.is(row({ phase: 'Pending', initContainerStatuses: [failed] }, { spec })[1], 'Init:Error');
});

test('a pod being deleted says so, unless it has come to its end anyway', () => {
  const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  assert.is(row({ phase: 'Running' }, { metadata })[1], 'Terminating');
  assert.is(row({ phase: 'Succeeded' }, { metadata })[1], 'Succeeded');
  assert.is(row({ phase: 'Running', reason: 'NodeLost' }, { metadata })[1], 'Unknown');
});

test.run();
