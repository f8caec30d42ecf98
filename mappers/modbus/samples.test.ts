import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { silentLogger } from '@selvedge/base/log';
import { type Device, decodeDevice } from '@selvedge/contract/device';
import { type DeviceModel, decodeDeviceModel } from '@selvedge/contract/device-model';
import { resolve } from '@selvedge/contract/resolve';
import { parsePlant } from '@selvedge/hil-sim/plant/load';
import { Simulator } from '@selvedge/hil-sim/simulator';
import { type ApiServer, createApiServer } from '@selvedge/kubeapi/server';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { ModbusBed, until } from './testing/modbus-bed.ts';

/** The samples of this folder, as the README offers them: created in an API server with our CRDs, then served. */
const test = suite('Modbus samples');

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'selvedge-samples-'));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const samples = 'mappers/modbus/samples';
const bus = join(folder, 'bus');
const meterPlant = `
lines: { bus: { modbus: { listen: "pty:${bus}", baudRate: 9600, parity: even } } }
devices:
  meter:
    line: bus
    unit: 10
    discreteInputs: { alarm: { address: 0, initial: true } }
    inputRegisters:
      power: { address: 0, type: float32, wordOrder: little, initial: 13.75 }
      energy: { address: 2, type: uint32, wordOrder: little, scale: 0.01, initial: 70000.01 }
    holdingRegisters: { powerLimit: { address: 0, scale: 0.1, initial: 16 } }
`;

let api: ApiServer;

/** Creates an object; every field must be one that the schema knows. */
function create(path: string, object: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' };
    const url = `${api.url}${path}?fieldValidation=Strict`;
    const sent = request(url, { method: 'POST', headers, rejectUnauthorized: false }, async (response) => {
      const answer = Buffer.concat(await response.toArray()).toString();
      if (response.statusCode === 201) resolve(JSON.parse(answer));
      else reject(new Error(`${path}: ${answer}`));
    });
    sent.once('error', reject);
    sent.end(JSON.stringify(object));
  });
}

async function createDevice(files: { model: string; device: string }): Promise<{ model: DeviceModel; device: Device }> {
  const path = '/apis/devices.kubeedge.io/v1beta1/namespaces/default';
  const model = decodeDeviceModel(await create(`${path}/devicemodels`, parse(read(`${samples}/${files.model}`))));
  const device = decodeDevice(await create(`${path}/devices`, parse(read(`${samples}/${files.device}`))));
  return { model, device };
}

/** Serves a device with `config` in the place of what a sample says of where it is, until `check` is done. */
async function served(
  { model, device }: { model: DeviceModel; device: Device },
  plant: string,
  config: (address: string) => Record<string, unknown>,
  check: (bed: ModbusBed, simulator: Simulator) => Promise<void>,
): Promise<void> {
  const clock = new RealClock();
  const parsed = parsePlant('plant.yaml', plant);
  const simulator = new Simulator({ plant: parsed, clock, worldClock: clock, log: silentLogger });
  const [endpoint] = await simulator.start();
  const bed = new ModbusBed();
  try {
    const resolution = resolve(model, device);
    assert.ok(resolution.ok);
    assert.equal([...resolution.problems, ...resolution.warnings], []);
    const { name } = device.metadata;
    const resolved = resolution.device;
    const moved = { ...resolved, config: { ...resolved.config, ...config(endpoint?.address ?? '') } };
    bed.mapper.configure({ namespace: 'default', name }, moved);
    for (const [property, { value }] of Object.entries(resolution.desired))
      bed.desire(name, property, value, resolved.uid);
    await until('ready', () => bed.bus.health(name)?.reason === 'Ready');
    for (const property of resolved.properties) {
      await until(`a good ${property.name}`, () => bed.bus.samples(name, property.name).at(-1)?.quality === 'good');
    }
    await check(bed, simulator);
  } finally {
    await bed.mapper.stop();
    await simulator.stop();
  }
}

test.before(async () => {
  api = await createApiServer({ dir: folder, host: '127.0.0.1', port: 0, clock: new RealClock(), log: silentLogger });
  for (const file of ['devicemodels', 'devices']) {
    await create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', parse(read(`crds/${file}.yaml`)));
  }
});

test.after(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the boiler, over TCP, against the plant that it is written for', async () => {
  const boiler = await createDevice({ model: 'boiler-model.yaml', device: 'boiler.yaml' });
  const plant = read('hil-sim/plants/boiler.yaml')
    .replace(/^control:.*$/m, '')
    .replace('127.0.0.1:1502', '127.0.0.1:0');
  await served(
    boiler,
    plant,
    (address) => ({ port: Number(address.split(':').at(-1)) }),
    async (bed) => {
      const verified = await until('verified', () =>
        bed.bus.outcomes('boiler').find(({ phase }) => phase === 'Verified'),
      );
      assert.is(verified.readBack, '60');
      assert.match(bed.value('boiler', 'temperature') ?? '', /^\d+(\.\d)?$/);
      assert.ok(['true', 'false'].includes(bed.value('boiler', 'flame') ?? ''));
    },
  );
});

test('the meter, over RTU', async () => {
  const meter = await createDevice({ model: 'serial/meter-model.yaml', device: 'serial/meter.yaml' });
  await served(
    meter,
    meterPlant,
    () => ({ serialPort: bus }),
    async (bed, simulator) => {
      await until('verified', () => bed.bus.outcomes('meter').some(({ phase }) => phase === 'Verified'));
      assert.is(bed.value('meter', 'power'), '13.75');
      assert.is(bed.value('meter', 'energy'), '70000.01');
      assert.is(bed.value('meter', 'alarm'), 'true');
      const memory = simulator.devices.get('meter')?.memory;
      const limit = memory?.device.points.find(({ name }) => name === 'powerLimit');
      assert.is(limit && memory?.get(limit), 12.5);
    },
  );
});

test('the README names every sample', () => {
  const readme = read('mappers/modbus/README.md');
  const files = readdirSync(join(root, samples), { recursive: true }).map(String);
  for (const file of files.filter((name) => name.endsWith('.yaml')))
    assert.ok(readme.includes(`samples/${file}`), file);
});

test.run();
