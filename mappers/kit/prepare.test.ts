import { VirtualClock } from '@selvedge/base/virtual-clock';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { judge, prepare, readGroups, readTasks } from './prepare.ts';
import { FakePlant } from './testing/fake-plant.ts';
import { type DeviceOptions, resolved } from './testing/test-bed.ts';

const test = suite('preparing a device');
const plant = new FakePlant(new VirtualClock());
const prepared = (options: Omit<DeviceOptions, 'name'>) => prepare(plant, resolved({ name: 'one', ...options }));

test('what is wrong becomes text that names the place, the setting and the value; it never throws', () => {
  const { invalid, placement, points } = prepared({ config: { unit: 300, speed: 'fast' } });
  assert.is(placement, undefined);
  assert.is(points.size, 0);
  assert.match(invalid ?? '', /spec\.protocol\.configData: unit: 300 must be from 1 to 100/);
  assert.match(invalid ?? '', /spec\.protocol\.configData: speed: "fast" must be a number/);
  assert.match(prepared({ config: { bus: 'none' } }).invalid ?? '', /configData: bus "none" cannot be used/);
});

test('a wrong property is left out and named, the others are served', () => {
  const { points, invalidPoints } = prepared({
    points: { good: { address: 1 }, typo: { adress: 1 }, high: { address: 100 }, taken: { address: 66 } },
  });
  assert.equal([...points.keys()], ['good']);
  assert.equal(invalidPoints, [
    'property "typo": address: missing; is "adress" meant to be it?',
    'property "high": address: 100 must be from 0 to 99',
    'property "taken": address 66 is reserved; use another',
  ]);
});

test('what only looks wrong is a warning', () => {
  const { warnings } = prepared({ config: { sped: 2 }, points: { p: { address: 1, scal: 2 } } });
  assert.equal(warnings, [
    'spec.protocol.configData: "sped" is not a known setting and has no effect; did you mean "speed"?',
    'property "p": "scal" is not a known setting and has no effect; did you mean "scale"?',
  ]);
});

test('points of one cycle are read together, others apart', () => {
  const device = prepared({ points: { a: { address: 1 }, b: { address: 2 } }, cycle: 500 });
  assert.equal(
    readTasks(plant, device).map(({ job, cycle }) => [cycle, job.map(({ name }) => name)]),
    [[500, ['a', 'b']]],
  );
  assert.equal(readTasks(plant, prepared({ config: { unit: 300 } })), []);
});

test('a driver without a plan reads each point by itself', () => {
  const points = [...prepared({ points: { a: { address: 1 }, b: { address: 2 } } }).points.values()];
  const simple = {
    ...plant,
    protocol: 'fake',
    schema: plant.schema,
    split: plant.split,
    point: plant.point,
    open: plant.open,
  };
  assert.is(
    readGroups(
      simple,
      points.map(({ point }) => point),
      { unit: 1 },
    ).length,
    2,
  );
});

test('a desired value is judged by the model first, then by the protocol, then by what the point holds', () => {
  const code = (value: string, visitor: Record<string, unknown>, property: DeviceOptions['property'] = {}) => {
    const device = prepared({ points: { p: { address: 1, ...visitor } }, property });
    const served = device.points.get('p');
    assert.ok(served);
    const judgement = judge(device.resolved, served, value);
    return judgement.ok ? judgement.raw : judgement.code;
  };
  assert.is(code('5', {}), 5);
  assert.is(code('5', { scale: 0.1 }), 50);
  assert.is(code('five', {}), 'NotANumber');
  assert.is(code('5', {}, { accessMode: 'ReadOnly' }), 'ReadOnly');
  assert.is(code('5', { readOnly: true }), 'NotWritable');
  assert.is(code('70000', {}), 'OutOfRange');
});

test.run();
