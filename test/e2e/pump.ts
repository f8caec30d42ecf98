const apiVersion = 'devices.kubeedge.io/v1beta1';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  // Tests bend it in ways that no type of ours allows.
  // biome-ignore lint/suspicious/noExplicitAny: a manifest as a person writes it
  readonly spec: any;
}

/** A model for the pump of the default plant. */
export const pumpModel = (): Manifest => ({
  apiVersion,
  kind: 'DeviceModel',
  metadata: { name: 'pump-model', namespace: 'default' },
  spec: {
    protocol: 'modbus',
    properties: [
      { name: 'speed', type: 'INT', accessMode: 'ReadWrite', minimum: '0', maximum: '3000', unit: 'rpm' },
      { name: 'running', type: 'BOOLEAN', accessMode: 'ReadOnly' },
    ],
  },
});

/** The pump of the default plant, whose speed is wanted. */
export const pump = (place: { plantPort: number; node: string }): Manifest => ({
  apiVersion,
  kind: 'Device',
  metadata: { name: 'pump', namespace: 'default' },
  spec: {
    deviceModelRef: { name: 'pump-model' },
    nodeName: place.node,
    protocol: { protocolName: 'modbus', configData: { ip: '127.0.0.1', port: place.plantPort, slaveID: 2 } },
    properties: [
      {
        name: 'speed',
        desired: { value: '900' },
        visitors: { protocolName: 'modbus', configData: { register: 'HoldingRegister', offset: 0 } },
      },
      {
        name: 'running',
        visitors: { protocolName: 'modbus', configData: { register: 'DiscreteInputRegister', offset: 0 } },
      },
    ],
  },
});
