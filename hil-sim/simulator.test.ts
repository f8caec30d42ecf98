import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { millis } from '@selvedge/base/duration';
import { FieldError } from '@selvedge/base/errors';
import { silentLogger } from '@selvedge/base/log';
import { VirtualClock } from '@selvedge/base/virtual-clock';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parsePlant } from './plant/load.ts';
import { Simulator } from './simulator.ts';
import { StateFile } from './state-file.ts';

const test = suite('simulator');

const folder = mkdtempSync(join(tmpdir(), 'selvedge-simulator-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const text = `
control: { listen: "tcp:127.0.0.1:0" }
lines:
  plc: { modbus: { listen: "tcp:127.0.0.1:0" } }
devices:
  tank:
    line: plc
    unit: 1
    coils: { valve: { address: 0 } }
    inputRegisters: { level: { address: 0, type: float32 } }
    holdingRegisters: { target: { address: 0, scale: 0.1, initial: 5 }, raw: { address: 1, type: float32 } }
    physics:
      filling: { kind: slew, towards: target, rate: 1, drives: level }
`;

interface Running {
  readonly worldClock: VirtualClock;
  readonly simulator: Simulator;
  readonly call: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: unknown }>;
}

async function running(
  run: (running: Running) => Promise<void>,
  options: { stateFile?: StateFile; plant?: string } = {},
) {
  const worldClock = new VirtualClock();
  const simulator = new Simulator({
    plant: parsePlant('tank.yaml', options.plant ?? text),
    clock: new RealClock(),
    worldClock,
    log: silentLogger,
    ...(options.stateFile ? { stateFile: options.stateFile } : {}),
  });
  const endpoints = await simulator.start();
  const control = endpoints.find(({ name }) => name === 'control')?.address.replace('tcp:', 'http://') ?? '';
  try {
    await run({
      worldClock,
      simulator,
      call: async (method, path, body) => {
        const sent = typeof body === 'string' ? body : JSON.stringify(body);
        const response = await fetch(`${control}${path}`, { method, ...(sent === undefined ? {} : { body: sent }) });
        return { status: response.status, body: await response.json() };
      },
    });
  } finally {
    await simulator.stop();
  }
}

test('shows every point, and turns knobs by hand', () =>
  running(async ({ call }) => {
    assert.equal((await call('GET', '/points')).body, { tank: { valve: false, level: 0, target: 5, raw: 0 } });
    assert.equal(await call('PUT', '/points/tank/target', { value: 12.5 }), { status: 200, body: { value: 12.5 } });
    assert.equal((await call('PUT', '/points/tank/valve', { value: true })).body, { value: true });
    assert.equal((await call('GET', '/points/tank')).body, { valve: true, level: 0, target: 12.5, raw: 0 });
    assert.equal((await call('GET', '/points/tank/target')).body, { value: 12.5 });
  }));

test('shows a register that holds no number as text', () =>
  running(async ({ call, simulator }) => {
    simulator.devices.get('tank')?.memory.cells('holdingRegisters', 1, 2).set([0x7fc0, 0]);
    assert.equal((await call('GET', '/points/tank/raw')).body, { value: 'NaN' });
  }));

test('switches a device off and on, and makes it slow', () =>
  running(async ({ call }) => {
    const was = { line: 'plc', unit: 1, online: true, responseDelay: 0 };
    assert.equal((await call('GET', '/devices')).body, { tank: was });
    assert.equal((await call('PUT', '/devices/tank', { online: false })).body, { ...was, online: false });
    assert.equal((await call('PUT', '/devices/tank', { online: true, responseDelay: 20 })).body, {
      ...was,
      responseDelay: 20,
    });
  }));

test('a virtual clock stands still until it is told to go, and then goes exactly so far', () =>
  running(async ({ call }) => {
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.equal((await call('GET', '/points/tank/level')).body, { value: 0 });
    await call('PUT', '/clock', { advance: 2_000 });
    const { value } = (await call('GET', '/points/tank/level')).body as { value: number };
    assert.ok(Math.abs(value - 2) < 1e-6, `level ${value}`);
  }));

const refused: [string, string, string, unknown, number, RegExp][] = [
  ['an unknown device', 'GET', '/points/tnak', undefined, 404, /Unknown device "tnak"; did you mean "tank"\?/],
  ['an unknown point', 'PUT', '/points/tank/targte', { value: 1 }, 404, /did you mean "target"\?/],
  ['an unknown path', 'GET', '/knobs', undefined, 404, /Nothing at "\/knobs"; known: \/points/],
  ['a value past the range', 'PUT', '/points/tank/target', { value: 5_000 }, 400, /holds -3276.8 to 3276.7/],
  ['a value of another type', 'PUT', '/points/tank/valve', { value: 1 }, 400, /write true or false/],
  ['text for a value', 'PUT', '/points/tank/target', { value: 'high' }, 400, /write \{"value": 12.5\}/],
  ['a wrong key', 'PUT', '/points/tank/target', { vale: 1 }, 400, /Unknown key "vale"; did you mean "value"\?/],
  ['a body that is no JSON', 'PUT', '/points/tank/target', 'value=1', 400, /The body is no JSON/],
  ['a list for a body', 'PUT', '/points/tank/target', [1], 400, /must be a JSON object with value/],
  ['a body past the bound', 'PUT', '/points/tank/target', 'x'.repeat(70_000), 413, /larger than 65536 bytes/],
  ['another method', 'DELETE', '/points/tank/target', undefined, 405, /Method DELETE does nothing here/],
  ['a delay past the bound', 'PUT', '/devices/tank', { responseDelay: 1e9 }, 400, /must be 0 to 60000 milliseconds/],
  ['an hour too much', 'PUT', '/clock', { advance: 4e6 }, 400, /must be 0 to 3600000 milliseconds/],
];
for (const [what, method, path, body, status, text] of refused) {
  test(`the control API refuses ${what}, and nothing changed`, () =>
    running(async ({ call }) => {
      const before = [(await call('GET', '/points')).body, (await call('GET', '/devices')).body];
      const answer = await call(method, path, body);
      assert.is(answer.status, status);
      assert.match((answer.body as { error: string }).error, text);
      assert.equal([(await call('GET', '/points')).body, (await call('GET', '/devices')).body], before);
    }));
}

test('the control API does not serve web pages', async () => {
  const plant = text.replace('tcp:127.0.0.1:0', `unix:${join(folder, 'control')}`);
  await running(
    async () => {
      const status = (headers: Record<string, string>) =>
        new Promise((resolve, reject) => {
          const options = { socketPath: join(folder, 'control'), path: '/points', headers };
          request(options, (response) => resolve(response.resume().statusCode))
            .on('error', reject)
            .end();
        });
      assert.is(await status({ origin: 'https://example.org' }), 403);
      assert.is(await status({}), 200);
    },
    { plant },
  );
});

test('a second run goes on where the first stopped: what was written, and the physics', async () => {
  const stateFile = new StateFile(join(folder, 'tank.json'));
  await running(
    async ({ call, worldClock }) => {
      await call('PUT', '/points/tank/target', { value: 10 });
      await call('PUT', '/points/tank/valve', { value: true });
      await worldClock.advance(millis(3_000));
    },
    { stateFile },
  );
  await running(
    async ({ call, worldClock }) => {
      const points = (await call('GET', '/points/tank')).body as Record<string, unknown>;
      assert.equal(
        { ...points, level: Math.round(Number(points.level) * 1e3) },
        { valve: true, level: 3_000, target: 10, raw: 0 },
      );
      await worldClock.advance(millis(20_000));
      assert.equal((await call('GET', '/points/tank/level')).body, { value: 10 });
    },
    { stateFile },
  );
});

test('a saved value that no longer fits the plant file is passed over', async () => {
  const stateFile = new StateFile(join(folder, 'changed.json'));
  stateFile.save({ version: 1, points: { 'tank.target': 9_999, 'tank.gone': 1, 'tank.valve': true }, signals: {} });
  await running(
    async ({ call }) => {
      assert.equal((await call('GET', '/points/tank')).body, { valve: true, level: 0, target: 5, raw: 0 });
    },
    { stateFile },
  );
});

test('when one line cannot listen, those that could are closed again', async () => {
  const free = parsePlant('two.yaml', text);
  const [line] = free.lines;
  assert.ok(line);
  const broken = { ...line, name: 'broken', listen: { scheme: 'pty' as const, path: '/nowhere/bus' } };
  const options = { clock: new RealClock(), worldClock: new VirtualClock(), log: silentLogger };
  const simulator = new Simulator({ plant: { ...free, lines: [line, broken] }, ...options });
  try {
    await simulator.start();
    assert.unreachable();
  } catch (error) {
    assert.instance(error, FieldError);
    assert.is((error as FieldError).code, 'CannotOpenPty');
  }
  // Nothing is left that would keep this process alive: the runner would say so.
});

test.run();
