import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError, describeError } from '@selvedge/base/errors';
import { decodeProtocolSchema, type ProtocolSchema } from '@selvedge/contract/protocol-schema';

/** What each protocol's mapper wants in `configData`, by the protocol's name in lower case. */
export type ProtocolSchemas = ReadonlyMap<string, ProtocolSchema>;

/**
 * Reads `<folder>/*.json`, as the mappers publish them. No folder means no schemas: then nothing is known of any protocol,
 * and the mapper alone judges its configData.
 * @throws configError `InvalidProtocolSchema` naming the file
 */
export function loadProtocols(folder: string): ProtocolSchemas {
  const schemas = new Map<string, ProtocolSchema>();
  for (const file of listJson(folder)) {
    const path = join(folder, file);
    try {
      const schema = decodeProtocolSchema(JSON.parse(readFileSync(path, 'utf8')));
      schemas.set(schema.protocol.toLowerCase(), schema);
    } catch (error) {
      throw configError('InvalidProtocolSchema', `Cannot read protocol schema "${path}": ${describeError(error)}`);
    }
  }
  return schemas;
}

function listJson(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
