import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '@selvedge/base/clock';
import { silentLogger } from '@selvedge/base/log';
import { parsePlant } from '@selvedge/hil-sim/plant/load';
import { Simulator } from '@selvedge/hil-sim/simulator';
import modbus from 'modbus-serial';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

type Client = InstanceType<typeof modbus.default>;

// The simulator and the Modbus mapper were written by the same hands; these two masters were not.

const test = suite('modbus as others speak it');

const folder = mkdtempSync(join(tmpdir(), 'selvedge-modbus-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const bus = join(folder, 'bus');

const points = `
    coils: { first: { address: 0, initial: true }, tenth: { address: 9 } }
    discreteInputs: { flame: { address: 2, initial: true } }
    inputRegisters:
      temperature: { address: 0, scale: 0.1, initial: -12.5 }
      flow: { address: 1, type: float32, initial: 1.5 }
      energy: { address: 3, type: uint32, initial: 70000 }
    holdingRegisters:
      setpoint: { address: 0, scale: 0.1, initial: 60 }
      power: { address: 10, type: float32, initial: 24.25 }
      swapped: { address: 12, type: float32, wordOrder: little, initial: 24.25 }`;
const text = `
lines:
  plc: { modbus: { listen: "tcp:127.0.0.1:0" } }
  bus: { modbus: { listen: "pty:${bus}", baudRate: 38400, parity: even } }
devices:
  boiler:
    line: plc
    unit: 1
${points}
  meter:
    line: bus
    unit: 7
    identity: { vendor: Selvedge, product: Meter, revision: "1.2" }
${points}
`;

interface Served {
  readonly port: number;
  readonly simulator: Simulator;
}

async function served(run: (served: Served) => Promise<void>): Promise<void> {
  const clock = new RealClock();
  const simulator = new Simulator({
    plant: parsePlant('interop.yaml', text),
    clock,
    worldClock: clock,
    log: silentLogger,
  });
  const endpoints = await simulator.start();
  const port = Number(endpoints[0]?.address.split(':').at(-1));
  try {
    await run({ port, simulator });
  } finally {
    await simulator.stop();
  }
}

/** What the register or bit at `point` of `device` says in the simulator. */
function pointValue({ simulator }: Served, device: string, name: string): number | boolean | undefined {
  const memory = simulator.devices.get(device)?.memory;
  const point = memory?.device.points.find((one) => one.name === name);
  return point && memory?.get(point);
}

/** mbpoll's exit code, and the values it printed in order. */
function mbpoll(...args: string[]): Promise<{ code: number; values: number[]; output: string }> {
  return new Promise((resolve) => {
    execFile('mbpoll', ['-1', '-0', '-q', '-o', '0.5', ...args], { timeout: 10_000 }, (error, stdout, stderr) => {
      // A register with the highest bit set is printed as "65411 (-125)".
      const values = [...stdout.matchAll(/^\[\d+\]:\s+(\S+)/gm)].map((match) => Number(match[1]));
      resolve({ code: error === null ? 0 : 1, values, output: stdout + stderr });
    });
  });
}

const hasMbpoll = await new Promise<boolean>((resolve) =>
  execFile('mbpoll', ['-V'], (error) => resolve(error === null)),
);
if (!hasMbpoll && process.env.CI) throw new Error('mbpoll is missing; install the package "mbpoll"');
if (!hasMbpoll) console.log('skipped: mbpoll is not installed (Debian package "mbpoll")');

const masters: [string, string, (port: number) => string[], (port: number) => string[]][] = [
  ['TCP', 'boiler', (port) => ['-p', String(port), '-a', '1'], () => ['127.0.0.1']],
  ['RTU on a pseudo-terminal', 'meter', () => ['-m', 'rtu', '-b', '38400', '-P', 'even', '-a', '7'], () => [bus]],
];
for (const [transport, device, options, target] of hasMbpoll ? masters : []) {
  test(`mbpoll reads all four tables over ${transport}`, () =>
    served(async ({ port }) => {
      const read = async (...what: string[]) => (await mbpoll(...options(port), ...what, ...target(port))).values;
      assert.equal(await read('-t', '0', '-r', '0', '-c', '10'), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      assert.equal(await read('-t', '1', '-r', '0', '-c', '3'), [0, 0, 1]);
      assert.equal(await read('-t', '3', '-r', '0', '-c', '1'), [65_411]);
      assert.equal(await read('-t', '3:float', '-B', '-r', '1', '-c', '1'), [1.5]);
      assert.equal(await read('-t', '3:int', '-B', '-r', '3', '-c', '1'), [70_000]);
      assert.equal(await read('-t', '4', '-r', '0', '-c', '1'), [600]);
      assert.equal(await read('-t', '4:float', '-B', '-r', '10', '-c', '1'), [24.25]);
      assert.equal(await read('-t', '4:float', '-r', '12', '-c', '1'), [24.25]);
    }));

  test(`mbpoll writes coils and registers over ${transport}`, () =>
    served(async (plant) => {
      const write = async (what: string[], ...values: string[]) => {
        const { code, output } = await mbpoll(...options(plant.port), ...what, ...target(plant.port), ...values);
        assert.is(code, 0, output);
      };
      await write(['-t', '4', '-r', '0'], '655');
      assert.is(pointValue(plant, device, 'setpoint'), 65.5);
      await write(['-t', '4:float', '-B', '-r', '10'], '12.5');
      assert.is(pointValue(plant, device, 'power'), 12.5);
      await write(['-t', '0', '-r', '0'], '0');
      assert.is(pointValue(plant, device, 'first'), false);
      await write(['-t', '0', '-r', '8'], '0', '1');
      assert.is(pointValue(plant, device, 'tenth'), true);
    }));

  test(`mbpoll is told of an address that is not there over ${transport}`, () =>
    served(async ({ port }) => {
      const { code, output } = await mbpoll(...options(port), '-t', '4', '-r', '500', ...target(port));
      assert.is(code, 1);
      assert.match(output, /Illegal data address/);
    }));
}

/** modbus-serial connected both ways, its time-out set: without one it would wait for ever. */
async function withClients(run: (plant: Served, clients: [Client, string][]) => Promise<void>): Promise<void> {
  await served(async (plant) => {
    const [tcp, rtu] = [new modbus.default(), new modbus.default()];
    await tcp.connectTCP('127.0.0.1', { port: plant.port });
    await rtu.connectRTUBuffered(bus, { baudRate: 38_400, parity: 'even' });
    tcp.setID(1);
    rtu.setID(7);
    for (const client of [tcp, rtu]) client.setTimeout(1_000);
    try {
      await run(plant, [
        [tcp, 'boiler'],
        [rtu, 'meter'],
      ]);
    } finally {
      for (const client of [tcp, rtu]) await new Promise<void>((resolve) => client.close(() => resolve()));
    }
  });
}

test('modbus-serial reads all four tables, over TCP and RTU', () =>
  withClients(async (_, clients) => {
    for (const [client] of clients) {
      assert.equal((await client.readCoils(0, 10)).data.slice(0, 10), [true, ...new Array(9).fill(false)]);
      assert.equal((await client.readDiscreteInputs(0, 3)).data.slice(0, 3), [false, false, true]);
      assert.equal((await client.readInputRegisters(0, 5)).data, [65_411, 0x3fc0, 0, 1, 4_464]);
      assert.is((await client.readHoldingRegisters(10, 2)).buffer.readFloatBE(0), 24.25);
    }
  }));

test('modbus-serial writes one and many, and reads the identification, over TCP and RTU', () =>
  withClients(async (plant, clients) => {
    for (const [client, device] of clients) {
      await client.writeRegister(0, 700);
      assert.is(pointValue(plant, device, 'setpoint'), 70);
      await client.writeRegisters(10, [0x4148, 0]);
      assert.is(pointValue(plant, device, 'power'), 12.5);
      await client.writeCoil(0, false);
      await client.writeCoils(8, [false, true]);
      assert.equal([pointValue(plant, device, 'first'), pointValue(plant, device, 'tenth')], [false, true]);
      const { data } = await client.readDeviceIdentification(1, 0);
      assert.is(data[0], 'Selvedge');
    }
  }));

test('modbus-serial masks the bits of a register, over TCP', () =>
  // Over RTU it does not know how long the answer is (rtubufferedport.js has no case 22), and times out.
  withClients(async (_, [tcp]) => {
    const client = tcp?.[0];
    assert.ok(client);
    await client.maskWriteRegister(0, 0xff00, 0x00ff);
    assert.equal((await client.readHoldingRegisters(0, 1)).data, [0x02ff]);
  }));

test('modbus-serial has many requests in flight on TCP, and each gets its own answer', () =>
  withClients(async (_, [tcp]) => {
    const client = tcp?.[0];
    assert.ok(client);
    const addresses = Array.from({ length: 200 }, (__, index) => index % 5);
    const expected = [65_411, 0x3fc0, 0, 1, 4_464];
    const answers = await Promise.all(addresses.map((address) => client.readInputRegisters(address, 1)));
    assert.equal(
      answers.map(({ data }) => data[0]),
      addresses.map((address) => expected[address]),
    );
  }));

test('modbus-serial is told what is wrong, over TCP and RTU', () =>
  withClients(async (_, clients) => {
    for (const [client] of clients) {
      const code = await client.readHoldingRegisters(500, 1).then(
        () => 0,
        (error: { modbusCode?: number }) => error.modbusCode,
      );
      assert.is(code, 2);
    }
  }));

test.run();
