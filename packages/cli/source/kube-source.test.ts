import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KubeClient } from '../kube/client.ts';
import { KubeSource } from './kube-source.ts';

const test = suite<Context>('devices of the Kubernetes API');

interface Context {
  source: KubeSource;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  stop: () => void;
}

const boiler = (resourceVersion: string, desired?: object) => ({
  metadata: { name: 'boiler', namespace: 'default', uid: 'u', generation: 4, resourceVersion },
  spec: {
    deviceModelRef: { name: 'boiler-model' },
    properties: [{ name: 'setpoint', ...(desired ? { desired } : {}) }],
  },
});
const model = { spec: { properties: [{ name: 'setpoint', type: 'FLOAT', maximum: '80', unit: 'Cel' }] } };
const send = (response: ServerResponse, body: object, status = 200) =>
  response.writeHead(status).end(JSON.stringify(body));

test.before.each(async (context) => {
  const server = createServer((request, response) => context.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const access = { server: `http://127.0.0.1:${port}`, namespace: 'default', insecure: false };
  context.source = new KubeSource(new KubeClient(access));
  context.stop = () => server.close().closeAllConnections();
});
test.after.each(({ stop }) => stop());

const messageOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    return `no error: ${JSON.stringify(await promise)}`;
  } catch (error) {
    return (error as Error).message;
  }
};

test('a device that is not there: the nearest name, or all there are', async (context) => {
  context.answer = ({ url }, response) =>
    url?.endsWith('/devices') ? send(response, { items: [boiler('1')] }) : send(response, { reason: 'NotFound' }, 404);
  const get = (name: string) => messageOf(context.source.get('default', name));
  assert.is(await get('bioler'), 'Cannot find device "bioler" in namespace "default": did you mean "boiler"?');
  assert.is(await get('turbine'), 'Cannot find device "turbine" in namespace "default": there are boiler');
});

test('set judges before it asks, guards the place, and asks again for what is asked already', async (context) => {
  const patches: unknown[] = [];
  context.answer = (request, response) => {
    if (request.method === 'GET')
      return void send(response, request.url?.includes('devicemodels') ? model : boiler('1', { value: '65' }));
    request.on('data', (chunk: Buffer) => patches.push(JSON.parse(chunk.toString())));
    request.on('end', () => send(response, boiler('2')));
  };
  const { source } = context;
  assert.match(
    await messageOf(source.set('default', 'boiler', 'setpoint', '95')),
    'Cannot set "boiler/setpoint": 95 Cel',
  );
  assert.match(await messageOf(source.set('default', 'boiler', 'setpiont', '60')), 'did you mean "setpoint"?');
  assert.equal(patches, []);
  assert.equal(await source.set('default', 'boiler', 'setpoint', '60'), { generation: 4, local: 0 });
  const test = { op: 'test', path: '/spec/properties/0/name', value: 'setpoint' };
  assert.equal(patches.pop(), [test, { op: 'add', path: '/spec/properties/0/desired', value: { value: '60' } }]);
  await source.set('default', 'boiler', 'setpoint', '65');
  assert.match(JSON.stringify(patches.pop()), /"value":\{"value":"65","metadata":\{"askedAgain":"20\d\d-/);
});

test('set of what is only read says what can be set; nobody has desired it, so nothing is to be removed', async (context) => {
  const [readOnly, readWrite] = [{ accessMode: 'ReadOnly' }, { accessMode: 'ReadWrite' }];
  const properties = [{ name: 'flow' }, { name: 'setpoint' }, { name: 'burner' }];
  const answers = {
    devices: { ...boiler('1'), spec: { deviceModelRef: { name: 'm' }, properties } },
    devicemodels: {
      spec: {
        properties: [
          { name: 'flow', type: 'INT', ...readOnly },
          { name: 'setpoint', ...readWrite },
          { name: 'burner' },
        ],
      },
    },
  };
  context.answer = ({ url }, response) => send(response, answers[url?.includes('models') ? 'devicemodels' : 'devices']);
  assert.is(
    await messageOf(context.source.set('default', 'boiler', 'flow', '1')),
    'Cannot set "boiler/flow": property "flow" is ReadOnly in the model; what can be set: setpoint, burner',
  );
});

test('a watch that the server ends is taken up again, and tells nothing twice', async (context) => {
  const lists = [boiler('1'), boiler('3'), boiler('3')];
  context.answer = ({ url }, response) => {
    if (!url?.includes('watch=true')) {
      return void send(response, { items: [lists.shift()], metadata: { resourceVersion: '1' } });
    }
    if (lists.length === 2) response.write(`${JSON.stringify({ type: 'MODIFIED', object: boiler('2') })}\n`);
    if (lists.length > 0) response.end();
    else stop.abort();
  };
  const stop = new AbortController();
  const versions: unknown[] = [];
  await context.source.watch(stop.signal, ({ raw }) => {
    versions.push((raw as ReturnType<typeof boiler>).metadata.resourceVersion);
  });
  assert.equal(versions, ['1', '2', '3']);
});

test('tells the API server who asks, so that the fields it sets have a manager with a name', async (context) => {
  let agent: string | undefined;
  context.answer = ({ headers }, response) => {
    agent = headers['user-agent'];
    send(response, boiler('1'));
  };
  await context.source.get('default', 'boiler');
  assert.match(agent ?? '', /^selvedge\/\d+\.\d+\.\d+/);
});

test.run();
