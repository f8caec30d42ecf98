import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../support/until.ts';
import { Product } from './product.ts';
import { type Manifest, pump, pumpModel } from './pump.ts';
import { complaint, verdict } from './verdict.ts';

/** Manifests that are wrong: each is told in words that say what to change, and the good device beside it works on. */
const test = suite('bad manifests');

const product = await Product.start();
const good = () => pump({ plantPort: product.base + 10, node: 'edge-1' });
const bent = (bend: (spec: Manifest['spec']) => void): Manifest => {
  const manifest = good();
  bend(manifest.spec);
  return manifest;
};
const synced = async () => (await product.condition('pump', 'Synced')) === 'True/Verified';
const pids = () => product.family().map(({ pid }) => pid);
let started: number[];

test.before(async () => {
  await until(10_000, 'boiler ready', async () => (await product.condition('boiler', 'Ready')) === 'True/Ready');
  started = pids();
});
test.after.each(async () => {
  assert.equal(pids(), started, 'nothing was started again');
  assert.is(await product.condition('boiler', 'Ready'), 'True/Ready');
});
test.after(() => product.remove());

test('a device waits for a model that does not exist, and goes on when it appears', async () => {
  const applied = await product.apply(good());
  assert.is(applied.code, 0, applied.stderr);
  await until(5_000, 'waiting', async () => (await product.condition('pump', 'Ready')) === 'False/NoModel');
  const message = await product.jsonPath('pump', '{.status.conditions[?(@.type=="Ready")].message}');
  assert.is(message, 'DeviceModel "pump-model" does not exist in namespace "default"; create it');
  assert.is((await product.apply(pumpModel())).code, 0);
  await until(5_000, 'synced', synced);
  assert.is(await product.point('pump', 'speedSetpoint'), 900);
});

type Bend = (spec: Manifest['spec']) => void;
const desired =
  (value: unknown): Bend =>
  (spec) => {
    spec.properties[0].desired.value = value;
  };
const config =
  (configData: object): Bend =>
  (spec) => {
    Object.assign(spec.protocol.configData, configData);
  };
const visitor =
  (configData: object): Bend =>
  (spec) => {
    spec.properties[0].visitors.configData = configData;
  };

/** What needs two objects, or a protocol's rules: the API server asks us, or the Device carries it. */
const judged: [what: string, bend: Bend, said: string | RegExp][] = [
  [
    'a desired value that is no number',
    desired('fast'),
    '"fast" is not of type INT: it must be a whole number, such as "65"',
  ],
  [
    'a desired value above the range',
    desired('3500'),
    '3500 rpm is above maximum 3000 rpm; change the desired value or the model',
  ],
  [
    'a desired value below the range',
    desired('-1'),
    '-1 rpm is below minimum 0 rpm; change the desired value or the model',
  ],
  [
    'a desired value on a read-only property',
    (spec) => {
      spec.properties[1].desired = { value: 'true' };
    },
    'property "running" is ReadOnly in the model; remove its desired value',
  ],
  [
    'a property that the model lacks',
    (spec) => {
      spec.properties[1].name = 'runing';
    },
    /properties\[1\]\.name: .*property "runing" is not in DeviceModel "pump-model"; did you mean "running"\?/,
  ],
  ['unit id 300', config({ slaveID: 300 }), /configData\.slaveID: .*300 must be from 0 to 255/],
  ['a port that is a word', config({ port: 'http' }), /configData\.port: .*"http" must be a number/],
  [
    'an address past 65535',
    visitor({ register: 'HoldingRegister', offset: 70_000 }),
    /properties\[0\]\.visitors\.configData\.offset: .*70000 must be from 0 to 65535/,
  ],
  [
    'a mistyped table',
    visitor({ register: 'HoldngRegister', offset: 0 }),
    /configData\.register: .*"HoldngRegister" must be one of .*; did you mean "HoldingRegister"\?/,
  ],
  [
    'a mistyped setting in place of one that is needed',
    visitor({ register: 'HoldingRegister', ofset: 0 }),
    /configData\.offset: .*missing; is "ofset" meant to be it\?/,
  ],
  [
    'configData that is empty',
    (spec) => {
      spec.protocol.configData = {};
    },
    /configData\.ip: .*missing; add ip, or serialPort/,
  ],
  ['configData of the wrong shape', config({ ip: { toString: 1 } }), /configData\.ip: .*\{"toString":1\} must be text/],
];

for (const [what, bend, said] of judged) {
  test(`${what}: told with place, value, reason and remedy`, async () => {
    assert.match(await verdict(product, 'pump', () => product.apply(bent(bend))), said);
    await recover();
  });
}

test('a value that would end past the last address: the mapper knows, and the Device carries it', async () => {
  const manifest = bent(visitor({ register: 'HoldingRegister', offset: 65_535, dataType: 'uint32' }));
  assert.is((await product.apply(manifest)).code, 0);
  assert.is(
    await complaint(product, 'pump'),
    'property "speed": HoldingRegister 65535 with 2 registers ends at 65536, and the last address is 65535; correct offset, limit or dataType',
  );
  await recover();
});

/** What the schema of the kind refuses, on every API server, in its own words. */
const refused: [what: string, bend: Bend, said: string][] = [
  [
    'two properties of one name',
    (spec) => {
      spec.properties[1].name = 'speed';
    },
    'spec.properties[1]: Duplicate value: {"name":"speed"}',
  ],
  [
    'configData that is text',
    (spec) => {
      spec.protocol.configData = 'ip=127.0.0.1';
    },
    'spec.protocol.configData: Invalid value: "string": spec.protocol.configData in body must be of type object',
  ],
  ['a desired value that is not text', desired(900), 'spec.properties[0].desired.value in body must be of type string'],
  [
    'a mistyped field',
    (spec) => {
      spec.nodName = 'edge-1';
    },
    'strict decoding error: unknown field "spec.nodName"',
  ],
];

for (const [what, bend, said] of refused) {
  test(`${what}: refused by the schema, and nothing changes`, async () => {
    const { code, stderr } = await product.apply(bent(bend));
    assert.is(code, 1);
    assert.match(stderr, said);
    assert.ok(await synced());
  });
}

test('an address that the device lacks: its property is bad and says why, the others are read', async () => {
  const manifest = bent((spec) => {
    spec.properties[0].visitors.configData.offset = 900;
    delete spec.properties[0].desired;
  });
  await product.kubectl('delete', 'device', 'pump');
  assert.is((await product.apply(manifest)).code, 0);
  const reported = (field: string) => product.jsonPath('pump', `{.status.twins[0].reported.${field}}`);
  await until(10_000, 'bad', async () => (await reported('quality')) === 'bad');
  assert.match(
    await reported('qualityReason'),
    /the device has nothing at this address; check register, offset and limit/,
  );
  assert.is(await product.condition('pump', 'Ready'), 'True/Ready');
  await recover();
});

test('a setting that nobody knows: kubectl warns where it can, and the device is served', async () => {
  const { code, stderr } = await product.apply(bent(config({ prot: 5_020 })));
  assert.is(code, 0);
  if (product.kubernetes.kind === 'embedded') {
    assert.match(
      stderr,
      'Warning: spec.protocol.configData: "prot" is not a known setting and has no effect; did you mean "port"?',
    );
  }
  await recover();
});

test('a protocol that no mapper here speaks: the Device says which', async () => {
  const manifest = bent((spec) => {
    spec.protocol.protocolName = 'modbuss';
  });
  assert.is((await product.apply(manifest)).code, 0);
  await until(5_000, 'NoMapper', async () => (await product.condition('pump', 'Ready')) === 'False/NoMapper');
  const message = await product.jsonPath('pump', '{.status.conditions[?(@.type=="Ready")].message}');
  assert.match(
    message,
    'no mapper for protocol "modbuss" is installed on this gateway; install one, or correct spec.protocol',
  );
  await recover();
});

test('after all of it the good device takes its next value', async () => {
  const set = await product.selvedge('set', 'boiler/setpoint', '64');
  assert.is(set.code, 0, set.stderr);
  assert.is(await product.point('boiler', 'setpoint'), 64);
});

/** The good manifest again: its value is on the device, and was all the while. */
async function recover(): Promise<void> {
  assert.is(await product.point('pump', 'speedSetpoint'), 900);
  assert.is((await product.apply(good())).code, 0);
  await until(
    10_000,
    'served and synced again',
    async () => (await product.condition('pump', 'Ready')) === 'True/Ready' && (await synced()),
  );
}

test.run();
