import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { Command } from 'commander';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gatewayFolder } from '../source/find.ts';
import { writeRecord } from '../up/record.ts';
import { addStatus } from './status.ts';

const test = suite('selvedge status');

const dir = mkdtempSync(join(tmpdir(), 'selvedge-status-'));
test.before.each(() => {
  for (const folder of ['run', 'cloud']) mkdirSync(join(dir, folder), { recursive: true });
  mkdirSync(gatewayFolder(dir), { recursive: true });
});
test.after.each(() => rmSync(dir, { recursive: true, force: true }));

async function status(): Promise<string> {
  const printed: string[] = [];
  const program = new Command();
  const print = (text: string) => void printed.push(text);
  addStatus(program, { print, say: print, clock: new RealClock() });
  await program.parseAsync(['node', 'selvedge', 'status', '--dir', dir]);
  assert.is(process.exitCode, 1);
  process.exitCode = 0;
  return printed.join('\n');
}

test('when all was killed, says that nothing runs and how to start it, and nothing else', async () => {
  // No process has this number: it is above the largest that Linux gives.
  const record = { state: 'Running', since: 0, restarts: 0, pid: 99_999_999, startTicks: 1, program: '/x' } as const;
  for (const name of ['cloud', 'gateway']) writeRecord(join(dir, 'run'), { ...record, name });
  writeFileSync(join(gatewayFolder(dir), 'gateway.sock'), '');
  assert.is(await status(), `wrong:\n  nothing runs from "${dir}"; start it with \`selvedge up --dir ${dir}\``);
});

test('asks the gateway and the API server at the same time', async () => {
  const waiting: ServerResponse[] = [];
  // Neither answers before both were asked.
  const server = () =>
    createServer((_, response) => {
      waiting.push(response);
      if (waiting.length === 2) for (const one of waiting) one.writeHead(500).end('{"message":"was asked"}');
    });
  const [gateway, api] = [server(), server()];
  await new Promise<void>((resolve) => gateway.listen(join(gatewayFolder(dir), 'gateway.sock'), resolve));
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const clusters = [{ name: 'c', cluster: { server: `http://127.0.0.1:${(api.address() as AddressInfo).port}` } }];
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
  const file = { clusters, contexts, users: [{ name: 'u', user: {} }], 'current-context': 'x' };
  writeFileSync(join(dir, 'kubeconfig'), JSON.stringify(file));
  try {
    assert.is(await status(), 'wrong:\n  was asked\n  was asked');
  } finally {
    for (const one of [gateway, api]) one.close().closeAllConnections();
  }
});

test.run();
