import { createServer, type RequestListener, type Server } from 'node:http';
import { FieldError } from '@selvedge/base/errors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fetchJson, type JsonRequest, streamJson } from './http-json.ts';

const test = suite<{ servers: Server[] }>('JSON over HTTP');

test.before.each((context) => {
  context.servers = [];
});
test.after.each(({ servers }) => {
  for (const server of servers) server.close().closeAllConnections();
});

async function serve({ servers }: { servers: Server[] }, listener: RequestListener): Promise<JsonRequest> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { target: { host: '127.0.0.1', port }, secure: false, peer: 'the server', path: '/' };
}

test('a body goes as JSON and the answer comes as JSON, whatever its status', async (context) => {
  const call = await serve(context, (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    request.on('end', () => response.writeHead(422).end(JSON.stringify({ got: JSON.parse(text), as: request.method })));
  });
  const answer = await fetchJson({ ...call, method: 'PUT', body: { value: 'ä' } });
  assert.equal(answer, { status: 422, body: { got: { value: 'ä' }, as: 'PUT' } });
});

test('an answer that is no JSON is its text, in bounds', async (context) => {
  const call = await serve(context, (_, response) => response.writeHead(502).end(`<html>${'x'.repeat(1_000)}`));
  const { status, body } = await fetchJson(call);
  assert.is(status, 502);
  assert.is((body as { message: string }).message.length, 500);
});

test('nobody there, and no answer in time, name the peer', async (context) => {
  const call = await serve(context, () => {});
  const failure = async (request: JsonRequest) => {
    try {
      await fetchJson(request);
      return 'an answer';
    } catch (error) {
      return error instanceof FieldError ? `${error.kind} ${error.message}` : String(error);
    }
  };
  assert.is(await failure({ ...call, timeoutMs: 20 }), 'transient Cannot reach the server: no answer within 20 ms');
  const nobody = await failure({ ...call, target: { host: '127.0.0.1', port: 1 } });
  assert.match(nobody, /^transient Cannot reach the server: connect ECONNREFUSED/);
});

test('a stream hands over each value as it comes, and ends quietly when it is told to', async (context) => {
  const call = await serve(context, (_, response) => {
    response.writeHead(200).write('{"n":1}\n{"n"');
    setImmediate(() => response.write(':2}\n'));
  });
  const stop = new AbortController();
  const seen: unknown[] = [];
  const refused = await streamJson(call, stop.signal, (value) => {
    if (seen.push(value) === 2) stop.abort();
  });
  assert.equal([seen, refused], [[{ n: 1 }, { n: 2 }], undefined]);
});

test('a stream that is refused is an answer', async (context) => {
  const call = await serve(context, (_, response) => response.writeHead(403).end('{"message":"no"}'));
  const refused = await streamJson(call, new AbortController().signal, () => assert.unreachable());
  assert.equal(refused, { status: 403, body: { message: 'no' } });
});

test.run();
