import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { seconds } from '@selvedge/base/duration';
import { FieldError } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readGatewayConfig } from './config.ts';
import { limitRepeats } from './repeat-limit.ts';
import { version } from './version.ts';

const test = suite('gateway configuration');

const refuses = (part: string) => (error: unknown) =>
  error instanceof FieldError && error.kind === 'config' && error.message.includes(part);

test('has defaults for everything, and reads the address of the cloud', () => {
  assert.equal(readGatewayConfig([]).cloud, { host: '127.0.0.1', port: 10_000 });
  assert.equal(readGatewayConfig(['--cloud', '[::1]:20000']).cloud, { host: '::1', port: 20_000 });
  assert.is(readGatewayConfig(['--mqtt-port=0', '--token-file', '/x']).tokenFile, '/x');
});

test('refuses what cannot be, with the reason, and never shows a password', () => {
  assert.throws(() => readGatewayConfig(['--nod', 'a']), refuses('did you mean "node"?'));
  assert.throws(() => readGatewayConfig(['--node', 'Edge_1']), refuses('"Edge_1"'));
  assert.throws(() => readGatewayConfig(['--cloud', 'somewhere']), refuses('host:port'));
  assert.throws(() => readGatewayConfig(['--cloud', 'a:65535']), refuses('host:port'));
  assert.throws(
    () => readGatewayConfig(['--external-broker', 'amqp://u:secret@b']),
    (error: unknown) => refuses('mqtt://')(error) && !(error as Error).message.includes('secret'),
  );
});

test('ends with the exit code for usage when a flag is wrong, and says so in one line', () => {
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'gateway/main.ts', '--nod', 'a'], { encoding: 'utf8' });
  assert.is(run.status, 64);
  const lines = run.stderr.trim().split('\n');
  assert.is(lines.length, 1);
  assert.is((JSON.parse(lines[0] ?? '{}') as { code: string }).code, 'UnknownSetting');
});

test('shows the version of the package', () => {
  const { version: packaged } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.is(version, packaged);
});

test('lets a repeated warning through once a minute, with the number of those held back', async () => {
  const lines: unknown[] = [];
  const clock = new VirtualClock();
  const log = limitRepeats({ ...silentLogger, warn: (message, fields) => void lines.push([message, fields]) }, clock);
  for (let count = 0; count < 5; count++) log.warn('no link', { reason: 'refused', retryMs: count });
  log.warn('no link', { reason: 'another' });
  await clock.advance(seconds(61));
  log.warn('no link', { reason: 'refused' });
  assert.equal(lines, [
    ['no link', { reason: 'refused', retryMs: 0 }],
    ['no link', { reason: 'another' }],
    ['no link', { reason: 'refused', repeated: 4 }],
  ]);
});

test.run();
