import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Random, seededRandom } from '@selvedge/base/random';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { http } from '../interop/kubectl/http.ts';
import { startServer } from './server-process.ts';

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data?: { readonly value: string };
}
/** What a client has been told of an object, or that it is gone. */
type Told = { readonly revision: number; readonly value: string | undefined };

const maps = '/api/v1/namespaces/default/configmaps';
const rounds = 5;
const writers = 4;
const seed = Number(process.env.SEED ?? 20_251_124);

const test = suite(`API server under kill -9 (SEED=${seed})`);

test('what was acknowledged is there after kill -9, and a watch from before it goes on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'selvedge-durability-'));
  const random = seededRandom(seed);
  const told = new Map<string, Told>();
  let written = 0;
  let server = await startServer(directory);
  try {
    for (let round = 0; round < rounds; round += 1) {
      const before = await list(server.config);
      const pending = await writeUntilKilled(server, told, random, 5 + Math.floor(random() * 60));
      server = await startServer(directory);
      const after = await list(server.config);
      for (const [name, last] of told) assertKept(name, last, after.objects.get(name), pending.has(name));
      assert.ok(after.revision >= before.revision, 'the revision never goes back');
      const replayed = await replay(server.config, before);
      const { objects } = await list(server.config);
      assert.equal(replayed, objects, `round ${round}: the watch misses something`);
      written += told.size;
      told.clear();
      for (const [name, state] of objects) told.set(name, state);
    }
    assert.ok(written > rounds * writers, 'the writers got somewhere');
  } finally {
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
});

/** @param pending  a request for it was under way: a later change, even a deletion, may have been stored untold */
function assertKept(name: string, last: Told, found: Told | undefined, pending: boolean): void {
  if (last.value === undefined) assert.ok(found === undefined || pending, `"${name}" came back after its deletion`);
  else if (found === undefined) assert.ok(pending, `"${name}" at ${last.revision} was acknowledged and is lost`);
  else if (found.revision > last.revision) assert.ok(pending, `"${name}" changed though nobody asked for it`);
  else assert.equal(found, last, `"${name}" is older than what was acknowledged`);
}

/**
 * Creates, replaces and deletes until so many answers have come, then kills the server in the middle of the rest.
 * @returns the names with a request under way at that moment
 */
async function writeUntilKilled(
  server: Awaited<ReturnType<typeof startServer>>,
  told: Map<string, Told>,
  random: Random,
  answers: number,
): Promise<Set<string>> {
  let left = answers;
  let dead: Promise<void> | undefined;
  const pending = new Set<string>();
  const writer = async (id: number) => {
    for (let at = 0; dead === undefined; at += 1) {
      const name = `w${id}-${Math.floor(random() * 6)}`;
      const value = `${answers}.${id}.${at}`;
      const known = told.get(name)?.value !== undefined;
      const removes = known && random() < 0.25;
      pending.add(name);
      let answer: Told;
      try {
        answer = await write(server.config, name, removes ? undefined : value, known);
      } catch (error) {
        if (dead === undefined) throw error;
        return;
      }
      pending.delete(name);
      told.set(name, answer);
      left -= 1;
      if (left <= 0) dead ??= server.kill();
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, id) => writer(id)));
  await dead;
  return pending;
}

/** One write. @throws when no answer comes */
async function write(config: KubeConfig, name: string, value: string | undefined, known: boolean): Promise<Told> {
  if (value === undefined) {
    const gone = await http(config, { method: 'DELETE', path: `${maps}/${name}` });
    if (gone.status !== 200) throw new Error(`DELETE answered ${gone.status}`);
    return { revision: 0, value: undefined };
  }
  const body = { metadata: { name }, data: { value } };
  const answer = known
    ? await http(config, { method: 'PUT', path: `${maps}/${name}`, body })
    : await http(config, { method: 'POST', path: maps, body });
  if (answer.status !== 200 && answer.status !== 201) throw new Error(`${name} answered ${answer.status}`);
  return toldOf(answer.body as ConfigMap);
}

const toldOf = ({ metadata, data }: ConfigMap): Told => ({
  revision: Number(metadata.resourceVersion),
  value: data?.value ?? '',
});

interface State {
  readonly revision: number;
  readonly objects: Map<string, Told>;
}

async function list(config: KubeConfig): Promise<State> {
  const { body } = await http(config, { path: maps });
  const { metadata, items } = body as { metadata: { resourceVersion: string }; items: ConfigMap[] };
  const objects = new Map(items.map((item) => [item.metadata.name, toldOf(item)]));
  return { revision: Number(metadata.resourceVersion), objects: sorted(objects) };
}

const sorted = (objects: Map<string, Told>) => new Map([...objects].sort(([a], [b]) => (a < b ? -1 : 1)));

/** The state of before with all events since applied, up to a last one that is written now. */
async function replay(config: KubeConfig, before: State): Promise<Map<string, Told>> {
  const objects = new Map(before.objects);
  const last = await write(config, 'z-last', String(before.revision), before.objects.has('z-last'));
  for await (const { type, object } of events(config, `${maps}?watch=1&resourceVersion=${before.revision}`)) {
    if (type === 'DELETED') objects.delete(object.metadata.name);
    else objects.set(object.metadata.name, toldOf(object));
    if (Number(object.metadata.resourceVersion) >= last.revision) break;
  }
  return sorted(objects);
}

async function* events(config: KubeConfig, path: string): AsyncGenerator<{ type: string; object: ConfigMap }> {
  const options = { agent: false, timeout: 10_000 };
  await config.applyToHTTPSOptions(options);
  const url = `${config.getCurrentCluster()?.server}${path}`;
  const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    const call = httpsRequest(url, options, resolve);
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error('the watch says nothing')));
    call.end();
  });
  let text = '';
  for await (const chunk of response) {
    text += chunk.toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as { type: string; object: ConfigMap };
  }
}

test.run();
