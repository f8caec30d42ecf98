import type { Device } from '@selvedge/contract/device';
import type { LocalDevice } from '@selvedge/contract/gateway-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { localView } from '../source/gateway-source.ts';
import { kubeView } from '../source/kube-source.ts';
import { fitSample } from '../up/samples.ts';
import { deviceDetail, deviceLine, deviceTable, rawList, rawObject, unconfirmed } from './devices.ts';
import { logLine } from './log-line.ts';
import { table } from './table.ts';

const test = suite('what the command prints');
const now = Date.parse('2026-01-02T03:04:05Z');

const device: Device = {
  metadata: {
    name: 'boiler',
    namespace: 'default',
    uid: 'u',
    generation: 3,
    creationTimestamp: '2026-01-02T03:03:05Z',
  },
  spec: {
    nodeName: 'edge-1',
    protocol: { protocolName: 'modbus', configData: {} },
    properties: [{ name: 'setpoint', desired: { value: '65' } }, { name: 'temperature' }],
  },
  status: {
    state: 'online',
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Ready', message: 'the device answers', lastTransitionTime: '' },
      { type: 'Synced', status: 'False', reason: 'Rejected', message: 'setpoint: too hot', lastTransitionTime: '' },
    ],
    twins: [
      {
        propertyName: 'setpoint',
        reported: { value: '60', quality: 'good', metadata: { timestamp: String(now - 2_000) } },
        lastWrite: {
          uid: 'u',
          generation: 3,
          value: '65',
          origin: 'spec',
          phase: 'Rejected',
          reason: 'too hot',
          at: '2026-01-02T03:04:00Z',
          attempts: 1,
        },
      },
    ],
  },
};

test('a Device of the Kubernetes API as a row, in detail, and as a line', () => {
  const view = kubeView(device);
  assert.is(
    deviceTable([view], now, true),
    `NAME     NODE     PROTOCOL   STATE    READY   SYNCED   AGE   READY-REASON   SYNCED-REASON
boiler   edge-1   modbus     online   True    False    60s   Ready          Rejected`,
  );
  assert.is(
    deviceDetail(view, now),
    `default/boiler  state online
Ready=True (Ready)  Synced=False (Rejected)
setpoint: too hot

PROPERTY      DESIRED   REPORTED   QUALITY   AGE   LAST WRITE
setpoint      65        60         good      2s    65 Rejected: too hot
temperature`,
  );
  assert.is(deviceLine(view), 'default/boiler  online  setpoint=60 (want 65)  temperature=?');
});

test('a device that nobody has looked at yet is unknown, not broken', () => {
  const { status: _, ...fresh } = device;
  const view = kubeView(fresh);
  assert.equal([view.state, view.ready, view.synced], ['', '', '']);
  assert.match(
    deviceDetail(view, now),
    /^default\/boiler {2}state unknown\nReady=Unknown \(\) {2}Synced=Unknown \(\)\n/,
  );
});

test('a device of a gateway is judged by its health and its writes', () => {
  const local: LocalDevice = {
    namespace: 'default',
    name: 'boiler',
    uid: 'u',
    generation: 3,
    protocol: 'modbus',
    state: 'offline',
    health: { reason: 'LineDown', message: 'connect ECONNREFUSED', since: now },
    properties: [
      { name: 'setpoint', desired: { value: '65', revision: { uid: 'u', generation: 3, local: 1 }, origin: 'local' } },
    ],
  };
  const view = localView(local);
  assert.equal(
    [view.ready, view.readyReason, view.message, view.synced, view.syncedReason],
    ['False', 'LineDown', 'connect ECONNREFUSED', 'False', 'Pending'],
  );
  const idle = localView({ ...local, properties: [], health: { reason: 'Ready', message: '', since: now } });
  assert.equal([idle.ready, idle.synced, idle.syncedReason], ['True', 'True', 'NothingDesired']);
});

test('a log line is time, level, process, message and fields; anything else stays as it is', () => {
  const line = {
    time: 'T',
    level: 'warn',
    process: 'cloud',
    message: 'gateway refused',
    node: 'edge-1',
    ports: [1, 2],
  };
  assert.is(logLine(JSON.stringify(line)), 'T WARN  cloud   gateway refused node=edge-1 ports=[1,2]');
  for (const text of ['TypeError: no', '{"no":"message"}', '{broken', 'null', '7']) assert.is(logLine(text), text);
});

test('columns are as wide as what stands in them, without blanks at the end', () => {
  assert.is(table(['A', 'LONG'], [['wide entry', ''], ['b']]), 'A            LONG\nwide entry\nb');
});

test('a sample fits the gateway and the ports it is applied beside', () => {
  const sample = (configData: object) => ({
    kind: 'Device',
    metadata: { name: 'x' },
    spec: { nodeName: 'any', protocol: { configData } },
  });
  const fitted = fitSample(sample({ port: 1_502, url: 'opc.tcp://127.0.0.1:1502', list: ['1502', 15_020] }), {
    node: 'edge-7',
    plantPort: 20_010,
  });
  assert.equal(fitted.spec, {
    nodeName: 'edge-7',
    protocol: { configData: { port: 20_010, url: 'opc.tcp://127.0.0.1:20010', list: ['20010', 15_020] } },
  });
});

test('objects have the form that kubectl prints: no managedFields, several of them in a List', () => {
  const device = (name: string, managed: object) => ({
    apiVersion: 'devices.kubeedge.io/v1beta1',
    kind: 'Device',
    metadata: { name, ...managed },
    spec: {},
  });
  const view = kubeView(device('boiler', { managedFields: [{ manager: 'kubectl' }] }) as Device);
  assert.equal(rawObject(view), device('boiler', {}));
  const list = { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: [device('boiler', {})] };
  assert.equal(rawList([view]), list);
});

test('a set whose time is up: what has become of it, why, and where to look', () => {
  const ready = { ...kubeView(device), ready: 'True', message: 'setpoint: "63" is accepted' };
  const said = 'boiler/setpoint is not 63 yet: the device has not confirmed it within 10 s (63 Accepted)';
  const remedy = 'it stays desired; see `selvedge describe device boiler -n default`';
  assert.is(unconfirmed(ready, 'setpoint', '63', '63 Accepted', 10_000), `${said}; ${remedy}`);
  const down = { ...ready, ready: 'False', message: 'the line is down' };
  assert.is(unconfirmed(down, 'setpoint', '63', '63 Accepted', 10_000), `${said}; the line is down; ${remedy}`);
});

test.run();
