import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isCode, type KubeClient } from '../kube/client.ts';
import { kubePaths } from '../kube/paths.ts';
import { defaultPorts } from './ports.ts';

interface SampleObject {
  readonly kind?: string;
  readonly metadata: { readonly name: string };
  readonly spec?: Record<string, unknown>;
}

/**
 * Creates the sample models and devices for the plant that runs beside; one that exists already is left as it is.
 * @returns the names of the devices, as they stand in the files
 */
export async function applySamples(
  client: KubeClient,
  folder: string,
  place: { readonly node: string; readonly plantPort: number },
): Promise<string[]> {
  const objects = readSamples(folder).map((object) => fitSample(object, place));
  const models = objects.filter((object) => object.kind === 'DeviceModel');
  const devices = objects.filter((object) => object.kind === 'Device');
  const namespace = 'default';
  for (const model of models) await createUnlessThere(client, kubePaths.models(namespace), model);
  for (const device of devices) await createUnlessThere(client, kubePaths.devices(namespace), device);
  return devices.map((device) => device.metadata.name);
}

function readSamples(folder: string): SampleObject[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.sort().flatMap((name) => {
    const documents = parseAllDocuments(readFileSync(join(folder, name), 'utf8'));
    return documents.map((document) => document.toJS() as SampleObject).filter((object) => object?.kind !== undefined);
  });
}

/** The sample for this gateway and this plant: they are written for the default port and any node. Pure. */
export function fitSample(
  object: SampleObject,
  { node, plantPort }: { readonly node: string; readonly plantPort: number },
): SampleObject {
  if (object.kind !== 'Device') return object;
  const protocol = movePort(object.spec?.protocol, plantPort);
  return { ...object, spec: { ...object.spec, nodeName: node, protocol } };
}

/** Every mention of the plant's default port, as a number, as text, or at the end of an address. */
function movePort(value: unknown, port: number): unknown {
  const usual = defaultPorts.plant;
  if (value === usual) return port;
  if (value === String(usual)) return String(port);
  if (typeof value === 'string') return value.replace(new RegExp(`:${usual}\\b`), `:${port}`);
  if (Array.isArray(value)) return value.map((entry) => movePort(entry, port));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, movePort(entry, port)]));
}

async function createUnlessThere(client: KubeClient, path: string, object: SampleObject): Promise<void> {
  try {
    await client.create(path, object);
  } catch (error) {
    if (!isCode(error, 'AlreadyExists')) throw error;
  }
}
