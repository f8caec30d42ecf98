import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FieldError } from '@selvedge/base/errors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StateFile } from './state-file.ts';

const test = suite('plant state file');

const folder = mkdtempSync(join(tmpdir(), 'selvedge-state-'));
const path = join(folder, 'plant.json');
test.before.each(() => rmSync(path, { force: true }));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const state = { version: 1 as const, points: { 'boiler.setpoint': 65 }, signals: { air: { value: 18, elapsed: 2 } } };

test('gives back what was saved', () => {
  assert.is(new StateFile(path).load(), undefined);
  new StateFile(path).save(state);
  assert.equal(new StateFile(path).load(), state);
  assert.not(existsSync(`${path}.new`));
});

test('does not touch the disk for what is saved already', () => {
  const file = new StateFile(path);
  file.save(state);
  rmSync(path);
  file.save(structuredClone(state));
  assert.not(existsSync(path));
  file.save({ ...state, points: {} });
  assert.ok(existsSync(path));
});

test('makes its folder once: one that is deleted meanwhile is not made again', () => {
  const file = new StateFile(join(folder, 'made', 'plant.json'));
  file.save(state);
  rmSync(join(folder, 'made'), { recursive: true });
  assert.throws(() => file.save({ ...state, points: {} }), /ENOENT/);
  assert.not(existsSync(join(folder, 'made')));
});

test('leaves the old state when the new one was not finished', () => {
  new StateFile(path).save(state);
  writeFileSync(`${path}.new`, '{"version":1,"poi');
  assert.equal(new StateFile(path).load(), state);
});

test('refuses a damaged file, says what to do, and leaves it', () => {
  for (const text of [
    '',
    'nonsense',
    '[]',
    '{"version":2,"points":{},"signals":{}}',
    '{"version":1,"points":{"a":"x"}}',
  ]) {
    writeFileSync(path, text);
    try {
      new StateFile(path).load();
      assert.unreachable();
    } catch (error) {
      assert.instance(error, FieldError);
      assert.match((error as FieldError).message, /plant.json": it is damaged; delete it to start anew/);
    }
    assert.is(readFileSync(path, 'utf8'), text);
  }
});

test.run();
