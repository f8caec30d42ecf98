import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { normalise } from './normalise.ts';
import type { SettingsSchema } from './protocol-schema.ts';

const schema: SettingsSchema = {
  type: 'object',
  properties: {
    ip: { type: 'string', 'x-aliases': ['host'] },
    serialPort: { type: 'string' },
    port: { type: 'integer', minimum: 1, maximum: 65_535, default: 502 },
    unitId: { type: 'integer', minimum: 0, maximum: 255, 'x-aliases': ['slaveID'] },
    parity: { type: 'string', enum: ['none', 'even', 'odd'], 'x-synonyms': { none: ['N'], even: ['E'], odd: ['O'] } },
    swap: { type: 'boolean' },
  },
  required: ['unitId'],
  'x-required-one-of': [['ip'], ['serialPort']],
  'x-ignored': ['protocolID'],
};

const test = suite('configData');

test("KubeEdge's spellings become ours: aliases, any case, numbers as text, words of enums", () => {
  const { value, problems, warnings } = normalise(schema, {
    HOST: '127.0.0.1',
    slaveid: '0x01',
    Parity: 'E',
    swap: 'TRUE',
    protocolID: '1',
  });
  assert.equal(value, { ip: '127.0.0.1', unitId: 1, parity: 'even', swap: true, port: 502 });
  assert.equal(problems, []);
  assert.equal(warnings, []);
});

test('a number out of range says the range and what was given', () => {
  const { problems } = normalise(schema, { ip: 'a', slaveID: 300 });
  assert.equal(problems, [{ key: 'slaveID', reason: '300 must be from 0 to 255' }]);
});

test('a word that is none of the enum suggests the nearest', () => {
  const { problems } = normalise(schema, { ip: 'a', unitId: 1, parity: 'evn' });
  assert.match(problems[0]?.reason ?? '', /did you mean "even"\?/);
});

test('what is missing is named, alternatives too', () => {
  const reasons = normalise(schema, {}).problems.map((problem) => `${problem.key}: ${problem.reason}`);
  assert.equal(reasons, ['unitId: missing; add it', 'ip: missing; add ip, or serialPort']);
  const mistyped = normalise(schema, { ip: 'a', untId: 1 }).problems.map(({ key, reason }) => `${key}: ${reason}`);
  assert.equal(mistyped, ['unitId: missing; is "untId" meant to be it?']);
});

test('one setting under two names is a problem, not a guess', () => {
  const { problems } = normalise(schema, { ip: 'a', host: 'b', unitId: 1 });
  assert.equal(problems, [{ key: 'host', reason: 'the same setting as "ip"; keep one of them' }]);
});

test('an unknown key is a warning that suggests the nearest', () => {
  const { warnings } = normalise(schema, { ip: 'a', unitId: 1, prot: 1 });
  assert.match(warnings[0] ?? '', /"prot" is not a known setting.*did you mean "port"\?/);
});

test('no configData makes it throw, and what it gives always satisfies the schema', () => {
  const keys = fc.constantFrom(
    'ip',
    'IP',
    'host',
    'port',
    'unitId',
    'slaveID',
    'parity',
    'swap',
    'x',
    '__proto__',
    'constructor',
  );
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue()), (configData) => {
      const { value } = normalise(schema, configData as Record<string, unknown>);
      for (const [name, found] of Object.entries(value)) {
        const setting = schema.properties[name];
        assert.ok(setting);
        if (setting.type === 'integer') {
          assert.ok(
            Number.isInteger(found) &&
              (found as number) >= (setting.minimum ?? 0) &&
              (found as number) <= (setting.maximum ?? 0),
          );
        }
        if (setting.enum) assert.ok(setting.enum.includes(found as string));
      }
    }),
    // An object of a manifest may bring a toString that cannot be called.
    { examples: [[{ swap: { toString: [] } }]] },
  );
});

test('a host is an IP address or a host name', () => {
  const hosts = { type: 'object', properties: { host: { type: 'string', format: 'host' } } } as const;
  for (const host of ['10.0.0.1', 'plc-1.plant_2.local', 'plc.', '::1', 'fe80::1%eth0'])
    assert.equal(normalise(hosts, { host }).value, { host });
  for (const host of ['not a host', 'plc:502', 'tcp://plc', 'plc..local', ' plc'])
    assert.equal(normalise(hosts, { host }).problems, [
      { key: 'host', reason: `${JSON.stringify(host)} must be an IP address or a host name` },
    ]);
});

test.run();
