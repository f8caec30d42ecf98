import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseToken } from '@selvedge/contract/enrolment';
import { maxPayloadBytes } from '@selvedge/contract/json-payload';
import { keepaliveFrame } from '@selvedge/contract/link-build';
import { maxFrameBytes } from '@selvedge/contract/link-frame';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeGateway } from '../../cloud/testing/fake-gateway.ts';
import { enrol } from '../../gateway/edgehub/enrol.ts';
import type { NodeIdentity } from '../../gateway/edgehub/identity.ts';
import { freeBase } from '../support/free-ports.ts';
import { selvedge } from '../support/run.ts';
import { until } from '../support/until.ts';
import { Product } from './product.ts';

/** Messages and credentials that are wrong, at every door of the product: each is told, and nobody else notices. */
const test = suite('bad messages');

const product = await Product.start();
const folder = mkdtempSync(join(tmpdir(), 'selvedge-bad-'));
const pids = () => product.family().map(({ pid }) => pid);
const log = async (name: string) => (await product.selvedge('logs', name, '--lines', '1000')).stdout;
const boilerTopic = '$hw/events/device/default/boiler';
let started: number[];
let token: string;
let identity: NodeIdentity;

test.before(async () => {
  await until(10_000, 'boiler ready', async () => (await product.condition('boiler', 'Ready')) === 'True/Ready');
  started = pids();
  token = (await product.selvedge('token')).stdout.trim();
  identity = await enrol({ host: '127.0.0.1', port: product.base + 3, node: 'edge-9' }, parseToken(token));
});
test.after.each(async () => {
  assert.equal(pids(), started, 'nothing was started again');
  assert.is(await product.condition('boiler', 'Ready'), 'True/Ready');
});
test.after(async () => {
  await product.remove();
  rmSync(folder, { recursive: true, force: true });
});

const dial = (node: string) =>
  FakeGateway.connect({ port: product.base + 1, node, ca: identity.ca, cert: identity.certificate, key: identity.key });

test('frames that are not JSON or of unknown resource are dropped and told, and the session goes on', async () => {
  const gateway = await dial('edge-9');
  gateway.sendText('garbage');
  gateway.sendText(
    JSON.stringify({
      header: { msg_id: '1', timestamp: 1 },
      route: { source: 's', group: 'g', operation: 'update', resource: 'no/such/thing' },
    }),
  );
  gateway.send(keepaliveFrame({ now: Date.now() }));
  await until(5_000, 'both told', async () => {
    const text = await log('cloud');
    return (
      /Cannot read link frame: "garbage" is not JSON/.test(text) &&
      /frame of unknown resource dropped.*no\/such\/thing/.test(text)
    );
  });
  const closed = gateway.closed();
  gateway.sendText('x'.repeat(maxFrameBytes + 1));
  assert.is(await closed, 1009);
  await until(5_000, 'told', async () => /link error.*node=edge-9.*Max payload size exceeded/.test(await log('cloud')));
});

test('a certificate of another node is refused by name, and the node itself stays connected', async () => {
  let refusal = '';
  await dial('edge-1').catch((error: Error) => {
    refusal = error.message;
  });
  assert.is(refusal, 'HTTP 403');
  assert.match(await log('cloud'), 'the certificate is for "edge-9", not for node "edge-1"');
  assert.match((await product.selvedge('status')).stdout, /gateway edge-1: cloud \S+ connected/);
});

test('a wrong token ends `join` at once with the reason, and no node appears', async () => {
  const attempt = (name: string, given: string) => {
    const argv = ['--cloud', `127.0.0.1:${product.base + 1}`, '--token', given, '--node', 'edge-8'];
    return selvedge('join', ...argv, '--mqtt-port', String(product.base + 15), '--dir', join(folder, name));
  };
  const nonsense = await attempt('nonsense', 'nonsense');
  assert.is(nonsense.code, 78);
  assert.match(
    nonsense.stderr,
    /Cannot use this token of 8 characters: it must be .*; print one with `selvedge token`/,
  );
  const forged = await attempt('forged', `${token.slice(0, -4)}AAAA`);
  assert.is(forged.code, 78);
  assert.match(
    forged.stderr,
    /as "edge-8": the token was refused: .*not made by this cloud; print one with `selvedge token`/,
  );
  const foreign = await attempt('foreign', `${'0'.repeat(64)}${token.slice(64)}`);
  assert.is(foreign.code, 78);
  assert.match(foreign.stderr, /its CA is not the one that the token names; use a token printed by that cloud/);
  assert.not.match((await product.kubectl('get', 'nodes')).stdout, 'edge-8');
});

test('garbage on the MQTT topics of applications is answered with the reason', async () => {
  const app = await client();
  const answers: string[] = [];
  app.on('message', (topic, payload) => answers.push(`${topic} ${payload}`));
  await app.subscribeAsync([
    `${boilerTopic}/twin/update/result`,
    `${boilerTopic.replace('boiler', 'bioler')}/twin/get/result`,
  ]);
  const replies: [topic: string, payload: string, answer: RegExp][] = [
    ['/twin/update', 'garbage', /"code":400,"reason":"Cannot read .*\\"garbage\\" is not JSON/],
    ['/twin/update', '{"twin":7}', /"code":400,"reason":"Cannot read twin update: twin is 7: /],
    [
      '/twin/update',
      '{"twin":{"pressure":{"expected":{"value":"1"}}}}',
      /"code":404,"reason":".*no property \\"pressure\\"; it has setpoint, /,
    ],
    [
      '/twin/update',
      '{"twin":{"setpoint":{"expected":{"value":"95"}}}}',
      /"code":400,"reason":".*95 Cel is above maximum 80 Cel/,
    ],
  ];
  for (const [topic, payload, answer] of replies) {
    await app.publishAsync(`${boilerTopic}${topic}`, payload);
    await until(5_000, `an answer to ${payload}`, async () => answers.some((text) => answer.test(text))).catch((e) => {
      throw e;
    });
  }
  await app.publishAsync(`${boilerTopic.replace('boiler', 'bioler')}/twin/get`, '{}');
  await until(5_000, 'not found', async () => answers.some((text) => /"code":404,"reason":".*bioler/.test(text)));
  await app.endAsync();
});

test('nobody but its mapper speaks for a device on the bus, and a false mapper does not get in', async () => {
  const app = await client();
  const before = await product.reported('boiler', 'temperature');
  const samples = { uid: 'u', samples: [{ property: 'temperature', value: '999' }] };
  await app.publishAsync('selvedge/v1/device/default/boiler/samples', JSON.stringify(samples), { qos: 1 });
  await app.publishAsync('selvedge/v1/mapper/modbus/state', 'garbage', { qos: 1, retain: true });
  await until(5_000, 'told', async () => {
    const text = await log('gateway');
    return ['device/default/boiler/samples', 'mapper/modbus/state'].every((topic) =>
      text.includes(`MQTT message refused room=bus topic=selvedge/v1/${topic}`),
    );
  });
  assert.ok(app.connected);
  await app.endAsync();
  assert.is.not(before, '999');
  assert.is.not(await product.reported('boiler', 'temperature'), '999');
  let refused = '';
  await client({ username: 'modbus', password: 'guess' }).catch((error: Error) => {
    refused = error.message;
  });
  assert.match(refused, 'Bad username or password');
  assert.match(await log('gateway'), 'MQTT login refused room=bus username=modbus');
});

test('an MQTT payload above the bound ends its own connection alone', async () => {
  const app = await client();
  app.on('error', () => {});
  const closed = new Promise<void>((resolve) => app.once('close', () => resolve()));
  app.publish(`${boilerTopic}/twin/update`, 'x'.repeat(2 * maxPayloadBytes));
  await closed;
  await app.endAsync(true);
  assert.match(await log('gateway'), /MQTT packet is too long; connection closed.* maxBytes=\d+/);
});

test('a plant file with a wrong key is refused with its place and the nearest key', async () => {
  const plant = join(folder, 'plant.yaml');
  writeFileSync(
    plant,
    'lines:\n  plc:\n    modbus: { listen: "tcp:127.0.0.1:1502" }\ndevices:\n  tank: { line: plc, unit: 1, coil: {} }\n',
  );
  const argv = ['--plant', plant, '--dir', join(folder, 'plant'), '--ports', String(await freeBase())];
  const { code, stderr } = await selvedge('up', ...argv);
  assert.is(code, 78);
  assert.match(
    stderr,
    `Cannot load plant "${plant}" line 5, devices.tank.coil: unknown key "coil"; did you mean "coils"?`,
  );
});

test('after all of it the device takes its next value', async () => {
  const set = await product.selvedge('set', 'boiler/setpoint', '64');
  assert.is(set.code, 0, set.stderr);
  assert.is(await product.point('boiler', 'setpoint'), 64);
});

function client(login: IClientOptions = {}): Promise<MqttClient> {
  return connectAsync(`mqtt://127.0.0.1:${product.base + 4}`, { reconnectPeriod: 0, ...login });
}

test.run();
