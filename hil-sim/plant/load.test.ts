import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeError, FieldError } from '@selvedge/base/errors';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadPlant, parsePlant } from './load.ts';
import { withListen, withPortBase } from './overrides.ts';

const test = suite('plant file');

const good = `
control: { listen: "tcp:127.0.0.1:1503" }
lines:
  plc:
    modbus: { listen: "tcp:127.0.0.1:1502" }
  bus:
    modbus: { listen: "pty:/tmp/bus", parity: none }
world:
  air: { kind: constant, value: 20 }
devices:
  boiler:
    line: plc
    unit: 1
    coils:
      burner: { address: 0, initial: true }
    inputRegisters:
      temperature: { address: 0, scale: 0.1 }
    holdingRegisters:
      setpoint: { address: 0, scale: 0.1, initial: 60 }
      power: { address: 10, type: float32 }
    physics:
      water: { kind: lag, towards: setpoint, tau: 20, when: burner, ambient: air, drives: temperature }
  meter:
    line: bus
    unit: 10
    repeat: 3
    inputRegisters:
      value: { address: 0 }
    physics:
      source: { kind: sum, terms: { boiler.water: 1 }, drives: value }
`;

test('fills in every default', () => {
  const plant = parsePlant('plant.yaml', good);
  assert.is(plant.seed, 1);
  assert.is(plant.step, 50);
  assert.equal(plant.lines[1]?.serial, { baudRate: 19_200, dataBits: 8, parity: 'none', stopBits: 2 });
  const [boiler] = plant.devices;
  assert.is(boiler?.online, true);
  assert.is(boiler?.holes, 'zero');
  assert.is(plant.signals[1]?.name, 'boiler.water');
});

test('makes the copies that repeat asks for, each with its own physics', () => {
  const plant = parsePlant('plant.yaml', good);
  assert.equal(
    plant.devices.map(({ name, unit }) => `${name} ${unit}`),
    ['boiler 1', 'meter-1 10', 'meter-2 11', 'meter-3 12'],
  );
  assert.equal(
    plant.signals.slice(2).map(({ name, drives }) => `${name} ${drives[0]?.device}`),
    ['meter-1.source meter-1', 'meter-2.source meter-2', 'meter-3.source meter-3'],
  );
});

/** What is replaced in the good plant by what, and what the error must say. */
const mistakes: [string, string, string, RegExp][] = [
  [
    'a misspelt key',
    'initial: true',
    'initail: true',
    /"plant.yaml" line 15, devices.boiler.coils.burner.initail: unknown key "initail"; did you mean "initial"\?/,
  ],
  [
    'a misspelt key at the top',
    'devices:',
    'device:',
    /line \d+, device: unknown key "device"; did you mean "devices"\?/,
  ],
  [
    'a misspelt required key',
    'line: plc',
    'lines: plc',
    /devices.boiler.lines: unknown key "lines"; did you mean "line"\?/,
  ],
  [
    'a missing key',
    '    unit: 1\n',
    '',
    /devices.boiler.unit: missing; must be of type integer, at least 1 and at most 247/,
  ],
  [
    'a unit id of 300',
    'unit: 1\n',
    'unit: 300\n',
    /devices.boiler.unit: 300 is not allowed here; must be of type integer, at least 1 and at most 247 \(unit id\)/,
  ],
  [
    'an address past 65535',
    'power: { address: 10',
    'power: { address: 65536',
    /power.address: 65536 is not allowed here/,
  ],
  [
    'a value that runs past 65535',
    'power: { address: 10',
    'power: { address: 65535',
    /power.address: its last register is past 65535/,
  ],
  [
    'a wrong word',
    'parity: none',
    'parity: noen',
    /lines.bus.modbus.parity: "noen" is not allowed here; must be one of none, even, odd/,
  ],
  ['an unknown type', 'type: float32', 'type: float', /must be one of bool, int16/],
  [
    'two points at one address',
    'power: { address: 10',
    'power: { address: 0',
    /power.address: address 0 is taken by "setpoint"/,
  ],
  [
    'two points of one name',
    'temperature: {',
    'setpoint: {',
    /the name "setpoint" is taken by a point under inputRegisters/,
  ],
  [
    'two devices of one unit',
    'line: bus\n    unit: 10',
    'line: plc\n    unit: 1',
    /unit 1 of line "plc" is taken by "boiler"/,
  ],
  ['an unknown line', 'line: plc', 'line: plk', /devices.boiler.line: unknown line "plk"; did you mean "plc"\?/],
  [
    'an unknown kind of signal',
    'kind: lag',
    'kind: lagg',
    /physics.water.kind: unknown kind of signal "lagg"; did you mean "lag"\?/,
  ],
  ['a wrong key in a signal', 'tau: 20', 'tua: 20', /physics.water.tua: unknown key "tua"; did you mean "tau"\?/],
  [
    'a signal that reads what is not there',
    'towards: setpoint',
    'towards: setpiont',
    /unknown point or signal "setpiont"; did you mean "setpoint"\?/,
  ],
  [
    'a signal that drives what is not there',
    'drives: temperature',
    'drives: temprature',
    /unknown point "temprature"; did you mean "temperature"\?/,
  ],
  ['a time constant of 0', 'tau: 20', 'tau: 0', /water.tau: 0 is not allowed here; must be of type number, above 0/],
  ['a scale of 0', 'scale: 0.1, initial', 'scale: 0, initial', /setpoint.scale: must not be 0/],
  ['an initial value past the range', 'initial: 60', 'initial: 6000', /setpoint.initial: .*holds -3276.8 to 3276.7/],
  [
    'a bad address',
    'tcp:127.0.0.1:1502',
    'tcp:127.0.0.1',
    /lines.plc.modbus.listen: Cannot listen on "tcp:127.0.0.1": write tcp:/,
  ],
  ['a port past 65535', '127.0.0.1:1502', '127.0.0.1:70000', /a port is at most 65535/],
  ['a control API for everybody', 'tcp:127.0.0.1:1503', 'tcp:0.0.0.0:1503', /control.listen: .*not a loopback address/],
  ['two lines on one address', 'pty:/tmp/bus', 'tcp:127.0.0.1:1502', /another line listens on tcp:127.0.0.1:1502/],
  ['copies past unit 247', 'repeat: 3', 'repeat: 247', /the last copy would have unit id 256/],
  ['a key twice', 'unit: 1\n', 'unit: 1\n    unit: 1\n', /Map keys must be unique/],
  ['no YAML', 'lines:', 'lines: [', /Cannot load plant "plant.yaml": /],
];
for (const [what, from, to, text] of mistakes) {
  test(`says what is wrong and where: ${what}`, () => {
    assert.ok(good.includes(from));
    const message = messageOf(() => parsePlant('plant.yaml', good.replace(from, to)));
    assert.match(message, text);
  });
}

test('throws nothing but FieldError, whatever the text', () => {
  fc.assert(
    fc.property(fc.nat(good.length), fc.nat(40), fc.string({ maxLength: 20 }), (at, length, text) => {
      const changed = good.slice(0, at) + text + good.slice(at + length);
      try {
        parsePlant('plant.yaml', changed);
      } catch (error) {
        if (!(error instanceof FieldError)) throw error;
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('says that a file is not there', () => {
  assert.match(
    messageOf(() => loadPlant('/nowhere/plant.yaml')),
    /Cannot load plant "\/nowhere\/plant.yaml"/,
  );
});

test('the plants that come with the simulator load', () => {
  const folder = fileURLToPath(new URL('../plants/', import.meta.url));
  const files = readdirSync(folder);
  assert.ok(files.includes('boiler.yaml') && files.includes('hundred.yaml'));
  for (const file of files) assert.ok(loadPlant(`${folder}${file}`).devices.length > 0, file);
  assert.is(loadPlant(`${folder}hundred.yaml`).devices.length, 100);
});

test('the examples of the README load', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const blocks = readme.match(/(?:^ {4}.*\n)+/gm) ?? [];
  const plants = blocks.filter((block) => block.includes('devices:')).map((block) => block.replace(/^ {4}/gm, ''));
  assert.is(plants.length, 2);
  for (const plant of plants) assert.ok(parsePlant('README.md', plant).signals.length > 0);
});

test('a port base moves the TCP ports in order and leaves serial lines', () => {
  const moved = withPortBase(parsePlant('plant.yaml', good), 7_000);
  assert.equal(
    moved.lines.map((line) => line.listen),
    [
      { scheme: 'tcp', host: '127.0.0.1', port: 7_000 },
      { scheme: 'pty', path: '/tmp/bus' },
    ],
  );
  assert.equal(moved.control, { scheme: 'tcp', host: '127.0.0.1', port: 7_001 });
  assert.match(
    messageOf(() => withPortBase(moved, 65_535)),
    /past 65535/,
  );
});

test('--listen moves one line, by protocol or by name', () => {
  const plant = parsePlant('plant.yaml', good);
  assert.equal(withListen(plant, 'modbus=tcp:127.0.0.1:9').lines[0]?.listen, {
    scheme: 'tcp',
    host: '127.0.0.1',
    port: 9,
  });
  assert.equal(withListen(plant, 'bus=pty:/tmp/other').lines[1]?.listen, { scheme: 'pty', path: '/tmp/other' });
  assert.match(
    messageOf(() => withListen(plant, 'bos=pty:/tmp/other')),
    /did you mean "bus"\?/,
  );
  assert.match(
    messageOf(() => withListen(plant, 'tcp:127.0.0.1:9')),
    /write LINE=ADDRESS/,
  );
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.instance(error, FieldError);
    return describeError(error);
  }
  return 'nothing thrown';
}

test.run();
