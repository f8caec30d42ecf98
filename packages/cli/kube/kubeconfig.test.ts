import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { readKubeconfig } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'selvedge-kubeconfig-'));
const path = join(folder, 'config');
const test = suite('kubeconfig');

test.after(() => rmSync(folder, { recursive: true, force: true }));

function write(change: { cluster?: object; user?: object; context?: object; current?: string } = {}): string {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': change.current ?? 'here',
    contexts: [
      { name: 'elsewhere', context: { cluster: 'none', user: 'none' } },
      { name: 'here', context: { cluster: 'one', user: 'admin', ...change.context } },
    ],
    clusters: [{ name: 'one', cluster: { server: 'https://192.0.2.1:6443/', ...change.cluster } }],
    users: [{ name: 'admin', user: { token: 'secret', ...change.user } }],
  };
  writeFileSync(path, stringify(document));
  return path;
}

test('the current context decides; certificates stand inside or in files beside it', () => {
  writeFileSync(join(folder, 'client.key'), 'KEY');
  const inline = Buffer.from('CA').toString('base64');
  const access = readKubeconfig(
    write({
      cluster: { 'certificate-authority-data': inline, 'tls-server-name': 'api' },
      user: { 'client-key': 'client.key' },
      context: { namespace: 'plant' },
    }),
  );
  assert.equal(access, {
    server: 'https://192.0.2.1:6443',
    namespace: 'plant',
    insecure: false,
    ca: 'CA',
    key: 'KEY',
    token: 'secret',
    serverName: 'api',
  });
});

test('a token may lie in a file, and no namespace means default', () => {
  writeFileSync(join(folder, 'token'), 'from file\n');
  const access = readKubeconfig(write({ user: { token: undefined, tokenFile: 'token' } }));
  assert.equal([access.token, access.namespace], ['from file', 'default']);
});

const text = (content: string): string => {
  const file = join(folder, 'text');
  writeFileSync(file, content);
  return file;
};

const refusals: [what: string, arrange: () => string, said: string | RegExp][] = [
  ['no file', () => join(folder, 'absent'), 'ENOENT'],
  ['several documents', () => text('a: 1\n---\nb: 2\n'), 'it holds several YAML documents, and must be one; name'],
  ['no YAML', () => text('clusters: [\n'), /^[^\n]* at line \d+[^\n]*; name another with --kubeconfig$/],
  ['no such context', () => write({ current: 'there' }), 'it has no context "there"'],
  ['a context of nothing', () => write({ current: 'elsewhere' }), 'it has no cluster "none"'],
  ['no server', () => write({ cluster: { server: undefined } }), 'its cluster has no server'],
  [
    'a plug-in',
    () => write({ user: { exec: { command: 'login' } } }),
    'its user gets credentials from another program',
  ],
  ['a certificate that is not there', () => write({ user: { 'client-certificate': 'absent' } }), 'ENOENT'],
];
for (const [what, arrange, said] of refusals) {
  test(`says which file, what is wrong and what to do: ${what}`, () => {
    const file = arrange();
    try {
      readKubeconfig(file);
      assert.unreachable();
    } catch (error) {
      const { message } = error as Error;
      assert.match(message, `Cannot use kubeconfig "${file}": `);
      assert.match(message, said);
      assert.match(message, /; name another with --kubeconfig$/);
    }
  });
}

test.run();
