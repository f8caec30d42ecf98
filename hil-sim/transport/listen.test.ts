import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listen } from './listen.ts';

const test = suite<{ path: string }>('listening');

test.before.each((context) => {
  context.path = join(mkdtempSync(join(tmpdir(), 'selvedge-listen-')), 'socket');
});
test.after.each(({ path }) => rmSync(join(path, '..'), { recursive: true, force: true }));

const answers = (path: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: Error) => error.message,
  );

test('a port of 0 becomes one that was free', async () => {
  const server = createServer();
  const bound = await listen(server, { scheme: 'tcp', host: '127.0.0.1', port: 0 });
  assert.ok(bound.scheme === 'tcp' && bound.port > 0);
  assert.match(
    await failureOf(listen(createServer(), bound)),
    /Cannot listen on "tcp:127.0.0.1:\d+": another program listens there; .*--port-base/,
  );
  server.close();
});

test('a socket that a killed process left behind is replaced', async ({ path }) => {
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  assert.is(spawnSync(process.execPath, ['-e', program]).signal, 'SIGKILL');
  assert.ok(existsSync(path));
  const server = createServer();
  await listen(server, { scheme: 'unix', path });
  assert.ok(await answers(path));
  server.close();
});

test('a socket on which somebody answers is left to its owner', async ({ path }) => {
  const owner = createServer();
  await listen(owner, { scheme: 'unix', path });
  assert.match(
    await failureOf(listen(createServer(), { scheme: 'unix', path })),
    /Cannot listen on "unix:.*socket": another program listens there; stop it, or choose another path/,
  );
  assert.ok(await answers(path));
  owner.close();
});

test('a file that is no socket is not touched', async ({ path }) => {
  writeFileSync(path, 'kept');
  assert.match(await failureOf(listen(createServer(), { scheme: 'unix', path })), /Cannot listen on "unix:/);
  assert.ok(existsSync(path));
});

test.run();
