import { nearest } from '@selvedge/base/nearest';
import { type Static, Type } from '@sinclair/typebox';
import type { ObjectMeta } from './object-meta.ts';
import { decoder, Enum, FreeObject, listMapBy } from './schema.ts';
import { propertyTypes } from './value.ts';

export const accessModes = ['ReadWrite', 'ReadOnly'] as const;
export type AccessMode = (typeof accessModes)[number];

/** How to read or write one property; `configData` belongs to the protocol's mapper. */
export const VisitorsSchema = Type.Object(
  {
    protocolName: Type.Optional(
      Type.String({ description: 'Protocol of the mapper that reads and writes this property.' }),
    ),
    configData: Type.Optional(
      FreeObject({ description: 'Where the value lies on the device, in the words of that protocol.' }),
    ),
  },
  { description: 'How this property is read and written.' },
);

export const ModelPropertySchema = Type.Object({
  name: Type.String({ description: 'Name of the property, unique within the model.', minLength: 1, maxLength: 128 }),
  description: Type.Optional(Type.String({ description: 'What the property means, for people.' })),
  type: Type.Optional(Enum(propertyTypes, { description: 'Type of the value. Default STRING.' })),
  accessMode: Type.Optional(
    Enum(accessModes, { description: 'Whether a desired value is allowed. Default ReadWrite, as KubeEdge has it.' }),
  ),
  minimum: Type.Optional(Type.String({ description: 'Smallest value that may be desired, as text.' })),
  maximum: Type.Optional(Type.String({ description: 'Largest value that may be desired, as text.' })),
  unit: Type.Optional(Type.String({ description: 'Unit of the value, a UCUM code by preference (Cel, bar, m3/h).' })),
  visitors: Type.Optional(VisitorsSchema),
});
export type ModelProperty = Static<typeof ModelPropertySchema>;

export const DeviceModelSpecSchema = Type.Object({
  protocol: Type.Optional(Type.String({ description: 'Protocol that devices of this model speak.' })),
  protocolConfigData: Type.Optional(
    FreeObject({ description: 'Defaults for spec.protocol.configData of the devices of this model.' }),
  ),
  properties: Type.Optional(
    Type.Array(ModelPropertySchema, {
      description: 'What devices of this model have.',
      maxItems: 2048,
      ...listMapBy('name'),
    }),
  ),
});
export type DeviceModelSpec = Static<typeof DeviceModelSpecSchema>;

export interface DeviceModel {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec: DeviceModelSpec;
}

/** Checks a DeviceModel from outside. @throws configError `Malformed` */
export const decodeDeviceModel = decoder(
  'DeviceModel',
  Type.Object({ metadata: Type.Object({ name: Type.String() }), spec: DeviceModelSpecSchema }),
) as (input: unknown) => DeviceModel;

/** What is wrong with a Device that uses a property its model lacks. */
export const unknownProperty = (model: DeviceModel, name: string): string =>
  `property "${name}" is not in DeviceModel "${model.metadata.name}"; ${propertyHint(model.spec.properties, name)}`;

/** Which property was meant, or which there are: the end of a sentence about `name`, which is not one of them. */
export function propertyHint(properties: readonly { readonly name: string }[] | undefined, name: string): string {
  const known = (properties ?? []).map((property) => property.name);
  const near = nearest(name, known);
  return near ? `did you mean "${near}"?` : `it has ${known.slice(0, 20).join(', ') || 'none'}`;
}
