import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig, settings } from './config.ts';
import { FieldError } from './errors.ts';

const test = suite('process configuration');

const table = settings({
  dir: { type: 'string', description: 'State directory.', default: undefined, restart: true },
  hubPort: { type: 'number', description: 'Port.', default: 10_000, minimum: 0, maximum: 65_535, restart: true },
  logLevel: { type: 'string', description: 'Level.', default: 'info', oneOf: ['info', 'debug'], restart: true },
  quiet: { type: 'boolean', description: 'Say less.', default: false, restart: false },
});

test('flags go before the file, the file before the defaults', () => {
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-config-'));
  const file = join(folder, 'c.json');
  writeFileSync(file, JSON.stringify({ hubPort: 5, dir: '/from/file' }));
  const config = readConfig('cloud', table, ['--hub-port=7', '--quiet', '--config', file]);
  rmSync(folder, { recursive: true });
  assert.equal(config, { dir: '/from/file', hubPort: 7, logLevel: 'info', quiet: true });
});

test('a wrong setting says which, why, and what is near', () => {
  const message = (argv: string[]) => {
    try {
      readConfig('cloud', table, argv);
    } catch (error) {
      assert.instance(error, FieldError);
      return (error as Error).message;
    }
    return 'accepted';
  };
  assert.match(message(['--hub-prot', '1']), /unknown setting "hubProt"; did you mean "hubPort"\?/);
  assert.match(message(['--hub-port', '70000']), /"hubPort" is "70000": must be at most 65535/);
  assert.match(message(['--log-level', 'loud']), /must be one of info, debug/);
  assert.match(message(['--dir']), /--dir needs a value/);
  assert.match(message(['up']), /"up" is not a setting/);
  assert.match(message(['--config', '/nonexistent']), /configuration file "\/nonexistent"/);
  assert.match(message(['--config']), /--config needs a value/);
  for (const inherited of ['--constructor', '--to-string']) {
    assert.match(message([inherited, '1']), /unknown setting/);
  }
});

test('a value in the file has the type of its setting', () => {
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-config-'));
  const file = join(folder, 'c.json');
  const message = (content: unknown) => {
    writeFileSync(file, JSON.stringify(content));
    try {
      readConfig('cloud', table, ['--config', file]);
    } catch (error) {
      assert.instance(error, FieldError);
      return (error as Error).message;
    }
    return 'accepted';
  };
  try {
    assert.match(message({ dir: { toString: 1 } }), /"dir" is \{"toString":1\}: must be a text/);
    assert.match(message({ dir: null }), /"dir" is null: must be a text/);
    assert.match(message({ hubPort: [5] }), /"hubPort" is \[5\]: must be a number/);
    assert.match(message({ quiet: 1 }), /"quiet" is 1: must be true or false/);
    assert.match(message({ constructor: 1 }), /unknown setting "constructor"/);
    assert.match(message([]), /must hold one JSON object/);
    assert.is(message({ dir: 'd', hubPort: 5, quiet: true }), 'accepted');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('any command line is read, or refused with an error of ours', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('--dir', '--hub-port', '--quiet', '--quiet=', '--__proto__', '--'),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      try {
        const { dir, hubPort, logLevel, quiet } = readConfig('cloud', table, argv);
        assert.ok(dir === undefined || typeof dir === 'string');
        assert.ok(hubPort >= 0 && hubPort <= 65_535);
        assert.ok(['info', 'debug'].includes(logLevel));
        assert.type(quiet, 'boolean');
      } catch (error) {
        assert.instance(error, FieldError);
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
