import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { silentLogger } from '@selvedge/base/log';
import { seededRandom } from '@selvedge/base/random';
import { decodeMapperConfig } from '@selvedge/contract/mapper';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findMappers } from './discovery.ts';
import { type Presence, presenceOf, Supervisor } from './supervisor.ts';

const test = suite<{ dir: string; supervisor: Supervisor; heard: [string, Presence][] }>('supervisor');

/** Writes what it was told to the file `told` in its directory; leaves when its input ends, or at once when `crash` exists. */
const fakeMapper = `
import { existsSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  const config = JSON.parse(line);
  writeFileSync(config.dataDir + '/told', line);
  if (existsSync(config.dataDir + '/crash')) process.exit(7);
});
lines.once('close', () => process.exit(0));
`;

test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'selvedge-supervisor-'));
  context.heard = [];
  install(context.dir, 'echo', { protocol: 'echo', start: 'main' }, fakeMapper);
  context.supervisor = new Supervisor({
    mappersDir: join(context.dir, 'mappers'),
    dataDir: join(context.dir, 'data'),
    logLevel: 'warn',
    login: (id) => ({ broker: 'mqtt://127.0.0.1:1', username: id, password: 'secret' }),
    clock: new RealClock(),
    random: seededRandom(1),
    log: silentLogger,
    onPresence: (protocol, presence) => context.heard.push([protocol, presence]),
  });
});
test.after.each(async ({ dir, supervisor }) => {
  await supervisor.stop();
  rmSync(dir, { recursive: true, force: true });
});

function install(dir: string, name: string, gateway: unknown, code: string): void {
  const folder = join(dir, 'mappers', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, gateway }));
  writeFileSync(join(folder, 'main.mjs'), code);
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited 5 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

test('starts one process for a protocol, tells it its configuration, and stops it with its input', async (context) => {
  const { dir, supervisor } = context;
  supervisor.need(['echo']);
  supervisor.need(['echo']);
  await until(() => existsSync(join(dir, 'data', 'echo', 'told')));
  const config = decodeMapperConfig(JSON.parse(readFileSync(join(dir, 'data', 'echo', 'told'), 'utf8')));
  assert.equal(config, {
    id: 'echo',
    broker: 'mqtt://127.0.0.1:1',
    username: 'echo',
    password: 'secret',
    dataDir: join(dir, 'data', 'echo'),
    logLevel: 'warn',
  });
  const [status] = supervisor.statuses;
  assert.is(supervisor.statuses.length, 1);
  assert.is(status?.state, 'Running');
  const pid = status?.pid ?? 0;
  assert.ok(isAlive(pid));
  await supervisor.stop();
  assert.not(isAlive(pid));
  assert.is(supervisor.statuses[0]?.state, 'Terminated');
});

test('says that no mapper is there for a protocol, once', ({ supervisor, heard }) => {
  supervisor.need(['knx']);
  supervisor.need(['knx']);
  assert.equal(heard, [['knx', { state: 'absent' }]]);
});

test('starts a mapper again that dies, with its reason in the state meanwhile', async ({ dir, supervisor, heard }) => {
  mkdirSync(join(dir, 'data', 'echo'), { recursive: true });
  writeFileSync(join(dir, 'data', 'echo', 'crash'), '');
  supervisor.need(['echo']);
  await until(() => heard.some(([, presence]) => presence.state === 'down'));
  assert.equal(heard.find(([, presence]) => presence.state === 'down')?.[1], { state: 'down', reason: 'exit code 7' });
  rmSync(join(dir, 'data', 'echo', 'crash'));
  await until(() => supervisor.statuses[0]?.state === 'Running' && existsSync(join(dir, 'data', 'echo', 'told')));
  assert.ok((supervisor.statuses[0]?.restarts ?? 0) >= 1);
});

test('stops a mapper that an earlier gateway left behind, and nothing else', async ({ dir, supervisor }) => {
  const data = join(dir, 'data', 'echo');
  mkdirSync(data, { recursive: true });
  const left = spawn(process.execPath, [join(dir, 'mappers', 'echo', 'main.mjs')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    writeFileSync(join(data, 'lock'), JSON.stringify({ pid: left.pid }));
    writeFileSync(join(data, 'pid'), `${other.pid}\n`);
    await until(() => readFileSync(`/proc/${left.pid}/cmdline`, 'utf8').includes('main.mjs'));
    supervisor.need(['echo']);
    await until(() => supervisor.statuses[0]?.state === 'Running');
    assert.not(isAlive(left.pid ?? 0));
    assert.ok(isAlive(other.pid ?? 0));
  } finally {
    left.kill('SIGKILL');
    other.kill('SIGKILL');
  }
});

test('reads presence from the process and its word on the bus, and ignores the word of a process before', () => {
  const running = { id: 'echo', protocol: 'echo', state: 'Running', pid: 7, since: 100, restarts: 0 } as const;
  const word = { protocol: 'echo', since: 150 };
  assert.equal(presenceOf(running, undefined), { state: 'starting' });
  assert.equal(presenceOf(running, { ...word, state: 'online', pid: 7 }), { state: 'up', session: '7-100' });
  assert.equal(presenceOf(running, { ...word, state: 'online', pid: 6 }), { state: 'starting' });
  assert.equal(presenceOf(running, { ...word, state: 'offline', since: 50 }), { state: 'starting' });
  assert.is(presenceOf(running, { ...word, state: 'offline', pid: 7 }).state, 'down');
});

test('leaves out a folder that is no mapper, or a broken one, or a second of the same protocol', ({ dir }) => {
  const mappers = join(dir, 'mappers');
  install(dir, 'kit', undefined, '');
  install(dir, 'odd', { protocol: '../x', start: 'main' }, '');
  install(dir, 'twice', { protocol: 'echo', start: 'main' }, '');
  mkdirSync(join(mappers, 'empty'));
  const found = findMappers(mappers, silentLogger);
  assert.equal([...found.keys()], ['echo']);
  assert.is(found.get('echo')?.entry, join(mappers, 'echo', 'main.mjs'));
  assert.is(findMappers(join(dir, 'nowhere'), silentLogger).size, 0);
});

test.run();
