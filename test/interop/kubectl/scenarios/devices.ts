import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from '../action.ts';

/** The definitions and samples as they are shipped. */
const crds = join(import.meta.dirname, '..', '..', '..', '..', 'crds');
const shipped = (name: string): string => readFileSync(join(crds, name), 'utf8');
const sample = (name: string): string =>
  shipped(`samples/${name}`).replaceAll('namespace: default', 'namespace: devices');

const status = JSON.stringify({
  status: {
    state: 'online',
    lastOnlineTime: '2020-01-01T00:00:00Z',
    twins: [
      {
        propertyName: 'setpoint',
        observedDesired: { value: '650', metadata: { type: 'INT', timestamp: '1577836800000' } },
        reported: { value: '650', metadata: { type: 'INT', timestamp: '1577836800000' } },
      },
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Ready',
        message: 'answers',
        lastTransitionTime: '2020-01-01T00:00:00Z',
        observedGeneration: 2,
      },
      {
        type: 'Synced',
        status: 'True',
        reason: 'Verified',
        message: 'as wanted',
        lastTransitionTime: '2020-01-01T00:00:00Z',
        observedGeneration: 2,
      },
    ],
  },
});

export const devices: Scenario = {
  name: 'devices',
  files: {
    'models.yaml': shipped('devicemodels.yaml'),
    'devices.yaml': shipped('devices.yaml'),
    'model.yaml': sample('kubeedge-v1beta1-model.yaml'),
    'device.yaml': sample('kubeedge-v1beta1-device.yaml'),
  },
  actions: [
    { name: 'define', kubectl: 'apply -f models.yaml -f devices.yaml' },
    {
      name: 'wait for the definitions',
      kubectl:
        'wait --for=condition=Established crd/devices.devices.kubeedge.io crd/devicemodels.devices.kubeedge.io --timeout=10s',
    },
    { name: 'define again', kubectl: 'apply -f models.yaml -f devices.yaml' },
    // A server may need a moment between Established and served.
    { name: 'a device that is not there yet', kubectl: 'wait --for=create device/thermostat --timeout=2s' },
    { name: 'a model written for KubeEdge', kubectl: 'apply -f model.yaml' },
    { name: 'a device written for KubeEdge', kubectl: 'apply -f device.yaml' },
    { name: 'the model as it is kept', kubectl: 'get devicemodel thermostat-model -o yaml' },
    { name: 'the device as it is kept', kubectl: 'get device thermostat -o yaml' },
    { name: 'short names', kubectl: 'get dev,dm' },
    {
      name: 'set a desired value',
      kubectl: 'edit device thermostat',
      editor: 's/^      value: "600"$/      value: "650"/',
    },
    {
      name: 'the desired value',
      kubectl: "get device thermostat -o jsonpath='{.spec.properties[1].desired.value} {.metadata.generation}'",
    },
    {
      name: 'begin to wait',
      kubectl: 'wait --for=condition=Synced device/thermostat --timeout=20s',
      background: { id: 'synced', lines: 0 },
    },
    { name: 'report', kubectl: `patch device thermostat --subresource=status --type=merge -p '${status}'` },
    { name: 'the wait is over', collect: 'synced', lines: 1 },
    { name: 'list', kubectl: 'get devices' },
    { name: 'list, wide', kubectl: 'get devices -o wide' },
    { name: 'describe', kubectl: 'describe device thermostat' },
    {
      name: 'move it to another node',
      kubectl: 'patch device thermostat --type=merge -p \'{"spec":{"nodeName":"edge-2"}}\'',
    },
    {
      name: 'a desired value that is a number, not text',
      kubectl:
        'patch device thermostat --type=json -p \'[{"op":"replace","path":"/spec/properties/1/desired/value","value":650}]\'',
    },
    {
      name: 'two properties of one name',
      kubectl:
        'patch device thermostat --type=json -p \'[{"op":"replace","path":"/spec/properties/1/name","value":"temperature"}]\'',
    },
    {
      name: 'a model of an unknown type',
      kubectl:
        'patch devicemodel thermostat-model --type=json -p \'[{"op":"replace","path":"/spec/properties/0/type","value":"COLOUR"}]\'',
    },
    { name: 'delete', kubectl: 'delete -f device.yaml -f model.yaml' },
    { name: 'remove the definitions', kubectl: 'delete -f models.yaml -f devices.yaml' },
  ],
};
