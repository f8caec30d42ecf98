/**
 * The figures of the loop, measured on the product as `npm start` runs it: `npm run bench`. Prints a table, and with `--write` puts
 * it into docs/bench/loop.md beside the machine it was measured on. Never part of a test: this machine's noise is no verdict.
 */
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RegisterProbe } from '../support/register-probe.ts';
import { type Figure, figureTable, latency } from './figures.ts';
import { Kube } from './kube.ts';
import { createDevices, killToSample, patchAllToRegister, patchToRegister, registerToStatus } from './loop.ts';
import { memoryOf, startProduct } from './product.ts';

const product = await startProduct(21_000);
const kube = new Kube(product.kubeconfig);
const probe = await RegisterProbe.connect(product.plantPort);
const figures: Figure[] = [];
try {
  const fleet = { node: 'edge-1', plantPort: product.plantPort };
  await createDevices(kube, { ...fleet, count: 1, cycle: 100 });
  await sleep(2_000);
  figures.push(
    latency('patch of a desired value -> register changed, one device', await patchToRegister(kube, probe, 100), {
      p50: 15,
      p99: 50,
    }),
  );
  figures.push(
    latency(
      'register changed -> visible in a GET of the Device',
      await registerToStatus(kube, probe, 100),
      { p99: 250 },
      'report cycle 100 ms',
    ),
  );
  for (const [name, pid, wanted] of [
    ['gateway', product.pid('gateway'), 90],
    ['Modbus mapper', product.mapperPid(), 65],
    ['cloud with embedded API', product.pid('cloud'), 140],
  ] as const) {
    const { rss, pss } = memoryOf(pid);
    const measured = `RSS ${rss.toFixed(0)} MB, PSS ${pss.toFixed(0)} MB`;
    figures.push({
      what: `memory of the ${name}`,
      measured,
      wanted: `RSS <= ${wanted} MB`,
      met: rss <= wanted,
      note: '1 device',
    });
  }
  const restart = await killToSample(kube, probe, () => process.kill(product.pid('gateway'), 'SIGKILL'));
  figures.push({
    what: 'kill -9 of the gateway -> first fresh sample in the status',
    measured: `${(restart / 1_000).toFixed(2)} s`,
    wanted: '<= 3 s',
    met: restart <= 3_000,
  });
  await kube.call('DELETE', '/apis/devices.kubeedge.io/v1beta1/namespaces/default/devices/meter-1');
  await kube.call('DELETE', '/apis/devices.kubeedge.io/v1beta1/namespaces/default/devicemodels/meter');
  await sleep(1_000);
  await createDevices(kube, { ...fleet, count: 100, cycle: 1_000 });
  await sleep(3_000);
  figures.push(
    latency(
      'patch of a desired value -> register changed, 100 devices patched at once',
      await patchAllToRegister(kube, probe, 100, 6),
      { p50: 250, p99: 500 },
      'over 32 open connections; each read and reported once a second',
    ),
  );
} finally {
  probe.close();
  kube.close();
  await product.stop();
}

const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Node ${process.version}`;
const text = `# The loop\n\nMeasured with \`npm run bench -- --write\` on ${machine}, on ${new Date().toISOString().slice(0, 10)}; one run on a shared, noisy machine.\n\n${figureTable(figures)}\n`;
console.log(text);
if (process.argv.includes('--write')) writeFileSync(join(import.meta.dirname, '../../docs/bench/loop.md'), text);
