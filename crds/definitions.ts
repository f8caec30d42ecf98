import { DeviceSpecSchema, DeviceStatusSchema, deviceGroup, deviceVersion } from '@selvedge/contract/device';
import { DeviceModelSpecSchema } from '@selvedge/contract/device-model';
import { type SchemaNode, structuralSchema } from './structural-schema.ts';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer';
  readonly jsonPath: string;
  readonly description: string;
  /** 0: always shown; 1: with `-o wide`. */
  readonly priority?: 1;
}

const conditionField = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;
const age: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the object was created.',
};

const deviceColumns: readonly Column[] = [
  { name: 'Node', type: 'string', jsonPath: '.spec.nodeName', description: 'The gateway that serves the device.' },
  { name: 'Protocol', type: 'string', jsonPath: '.spec.protocol.protocolName', description: 'What the device speaks.' },
  { name: 'State', type: 'string', jsonPath: '.status.state', description: 'online, offline or unknown.' },
  {
    name: 'Ready',
    type: 'string',
    jsonPath: conditionField('Ready', 'status'),
    description: 'Whether the device answers.',
  },
  {
    name: 'Synced',
    type: 'string',
    jsonPath: conditionField('Synced', 'status'),
    description: 'Whether every desired value is on the device.',
  },
  age,
  {
    name: 'Model',
    type: 'string',
    jsonPath: '.spec.deviceModelRef.name',
    description: 'The DeviceModel.',
    priority: 1,
  },
  {
    name: 'Ready-Reason',
    type: 'string',
    jsonPath: conditionField('Ready', 'reason'),
    description: 'Why it is ready or not.',
    priority: 1,
  },
  {
    name: 'Synced-Reason',
    type: 'string',
    jsonPath: conditionField('Synced', 'reason'),
    description: 'Why it is synced or not.',
    priority: 1,
  },
  {
    name: 'Last-Online',
    type: 'string',
    jsonPath: '.status.lastOnlineTime',
    description: 'When the device last answered.',
    priority: 1,
  },
];

const modelColumns: readonly Column[] = [
  { name: 'Protocol', type: 'string', jsonPath: '.spec.protocol', description: 'What devices of this model speak.' },
  age,
];

function definition(options: {
  plural: string;
  singular: string;
  kind: string;
  shortNames: readonly string[];
  description: string;
  columns: readonly Column[];
  schema: SchemaNode;
  status: boolean;
}): SchemaNode {
  const version: SchemaNode = {
    name: deviceVersion,
    served: true,
    storage: true,
    additionalPrinterColumns: options.columns,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        description: options.description,
        properties: {
          apiVersion: { type: 'string' },
          kind: { type: 'string' },
          metadata: { type: 'object' },
          ...options.schema,
        },
      },
    },
    ...(options.status ? { subresources: { status: {} } } : {}),
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${options.plural}.${deviceGroup}` },
    spec: {
      group: deviceGroup,
      names: {
        kind: options.kind,
        listKind: `${options.kind}List`,
        plural: options.plural,
        singular: options.singular,
        shortNames: options.shortNames,
      },
      scope: 'Namespaced',
      versions: [version],
    },
  };
}

/** The CustomResourceDefinitions of this product by file name, made from packages/contract alone. */
export function customResourceDefinitions(): Readonly<Record<string, SchemaNode>> {
  return {
    'devices.yaml': definition({
      plural: 'devices',
      singular: 'device',
      kind: 'Device',
      shortNames: ['dev'],
      description: 'A field device: what it should be (spec), and what it was found to be (status).',
      columns: deviceColumns,
      schema: {
        spec: structuralSchema(DeviceSpecSchema),
        status: { ...structuralSchema(DeviceStatusSchema), 'x-kubernetes-preserve-unknown-fields': true },
      },
      status: true,
    }),
    'devicemodels.yaml': definition({
      plural: 'devicemodels',
      singular: 'devicemodel',
      kind: 'DeviceModel',
      shortNames: ['dm'],
      description: 'What devices of one make have in common: their properties, types, units and ranges.',
      columns: modelColumns,
      schema: { spec: structuralSchema(DeviceModelSpecSchema) },
      status: false,
    }),
  };
}
