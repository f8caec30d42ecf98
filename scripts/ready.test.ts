import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sourceFingerprint, sourcePlaces } from './freshness.mjs';
import { holdName } from './hold-name.mjs';
import { missingTools } from './sqlite.mjs';

const test = suite<{ directory: string }>('making a checkout ready');

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'selvedge-ready-'));
});
test.after.each(({ directory }) => rmSync(directory, { recursive: true, force: true }));

test('a name is held by one process at a time, and given back when its holder is killed', async ({ directory }) => {
  const module = JSON.stringify(new URL('./hold-name.mjs', import.meta.url).href);
  const program = `import { holdName } from ${module};
    await holdName(${JSON.stringify(directory)}, () => {});
    process.stdout.write('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const events: string[] = [];
  const held = holdName(directory, () => {
    events.push('waits');
    holder.once('exit', () => events.push('holder gone'));
    holder.kill('SIGKILL');
  }).then((release) => {
    events.push('held');
    return release;
  });
  const release = await held;
  assert.equal(events, ['waits', 'holder gone', 'held']);
  await release();
  const again = await holdName(directory, () => events.push('waits again'));
  await again();
  assert.is(events.length, 3);
});

test('what a compilation lacks is named, and what the environment names counts', ({ directory }) => {
  const all = ['python3', 'make', 'C++ compiler (g++)'];
  assert.equal(missingTools({ PATH: directory }), all);
  assert.equal(missingTools({ PATH: directory, PYTHON: '/opt/python', CXX: 'clang++' }), ['make']);
  for (const [i, program] of ['python3', 'make', 'c++'].entries()) {
    writeFileSync(join(directory, program), '');
    assert.is(missingTools({ PATH: `/nowhere:${directory}` }).length, 3 - i, `${program} cannot be run yet`);
    chmodSync(join(directory, program), 0o755);
    assert.equal(missingTools({ PATH: `/nowhere:${directory}` }), all.slice(i + 1));
  }
});

test('bundles are stale when a source is changed, added or removed, and not for a test', ({ directory }) => {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  for (const file of sourcePlaces.files) write(file, '');
  for (const folder of sourcePlaces.folders) mkdirSync(join(directory, folder), { recursive: true });
  write('gateway/bus/a.ts', 'one');
  const seen = [sourceFingerprint(directory)];
  const differs = (what: string) => {
    const now = sourceFingerprint(directory);
    assert.not.ok(seen.includes(now), what);
    seen.push(now);
  };
  write('gateway/bus/a.ts', 'longer');
  differs('changed');
  write('crds/b.yaml', '');
  differs('added');
  write('package-lock.json', '{}');
  differs('another lock file');
  rmSync(join(directory, 'gateway/bus/a.ts'));
  differs('removed');
  write('gateway/bus/a.test.ts', '');
  write('gateway/node_modules/x/index.js', '');
  assert.is(sourceFingerprint(directory), seen.at(-1));
});

test.run();
