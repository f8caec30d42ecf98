import { createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkPortsFree } from './port-check.ts';
import { briefCommand, listeningInodes, portOwner } from './port-owner.ts';

const test = suite('owner of a port');

test('reads the inodes of listeners from /proc/net/tcp, and of no connection', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:192B 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 00000000:2710 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
`;
  assert.equal(listeningInodes(table, 6_443), ['4711']);
  assert.equal(listeningInodes(table, 10_000), ['4713']);
  assert.equal(listeningInodes(table, 1), []);
});

test('finds this very process, and says so in the error about a taken port', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    assert.is(portOwner(port)?.pid, process.pid);
    await checkPortsFree([{ use: 'MQTT', port }], 'stop it');
    assert.unreachable('the port is taken');
  } catch (error) {
    assert.match((error as Error).message, `Cannot start: port ${port} (MQTT) is taken by pid ${process.pid} (node `);
    assert.match((error as Error).message, /\); stop it$/);
  } finally {
    server.close();
  }
});

test('nobody owns a port that is free', () => {
  assert.is(portOwner(1), undefined);
});

test('a command says which program it is before its flags fill the line', () => {
  const line = '/usr/bin/node --max-semi-space-size=4 --import /opt/selvedge/leash.mjs /opt/selvedge/cloud.mjs --dir D';
  assert.is(briefCommand(line), 'node /opt/selvedge/cloud.mjs --dir D');
  assert.is(briefCommand('mosquitto -p 1883'), 'mosquitto -p 1883');
  assert.is(briefCommand('x'.repeat(200)).length, 100);
});

test.run();
