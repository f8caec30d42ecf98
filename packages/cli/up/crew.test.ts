import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { seconds } from '@selvedge/base/duration';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Crew } from './crew.ts';
import { Home } from './home.ts';

const test = suite('crew');

const folder = mkdtempSync(join(tmpdir(), 'selvedge-crew-'));
const home = new Home(join(folder, 'state'));
const said: string[] = [];
const crew = new Crew({ home, clock: new RealClock(), say: (text) => said.push(text) });

test.after(async () => {
  await crew.stop(['pump']);
  rmSync(folder, { recursive: true, force: true });
});

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a state directory that is deleted while it runs costs the records, not the supervision', async () => {
  home.open('up');
  const program = join(folder, 'pump.mjs');
  writeFileSync(program, `console.log(JSON.stringify({ message: 'ready' })); setTimeout(() => process.exit(1), 500);`);
  await crew.start({ name: 'pump', args: [program], program, grace: seconds(5) }, seconds(10));
  assert.ok(existsSync(home.path('run', 'pump.json')));
  rmSync(home.directory, { recursive: true });
  await until('it runs again', () => said.some((text) => /^pump runs again/.test(text)));
  assert.is(said.filter((text) => text.startsWith(`Cannot write to "${home.path('run')}": ENOENT`)).length, 1);
  home.open('up');
  await until('the records are back', () => existsSync(home.path('run', 'pump.json')));
});

test('a state directory that is deleted while it runs does not keep it from being stopped', async () => {
  const program = join(folder, 'valve.mjs');
  writeFileSync(program, `console.log(JSON.stringify({ message: 'ready' })); setInterval(() => {}, 1_000);`);
  await crew.start({ name: 'valve', args: [program], program, grace: seconds(5) }, seconds(10));
  const { pid } = JSON.parse(readFileSync(home.path('run', 'valve.json'), 'utf8'));
  rmSync(home.directory, { recursive: true });
  await crew.stop(['valve']);
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
});

test.run();
