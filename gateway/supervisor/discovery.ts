import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';

/** A mapper that is installed on this box. */
export interface MapperPackage {
  readonly protocol: string;
  /** The file that runs it. */
  readonly entry: string;
  /** Arguments for node, `entry` last. */
  readonly argv: readonly string[];
}

/** Small heaps: a gateway box has little memory, and a mapper allocates little at a time. */
const nodeFlags = ['--max-semi-space-size=1', '--optimize-for-size'];

/**
 * The mappers in `directory`, by protocol: each sub-folder whose package.json has `"gateway": { "protocol", "start" }`. `start`
 * names a file of the folder without its ending: `.mjs` when built, `.ts` when run from source. A folder that cannot be used is
 * logged and left out.
 */
export function findMappers(directory: string, log: Logger): Map<string, MapperPackage> {
  const found = new Map<string, MapperPackage>();
  let folders: string[] = [];
  try {
    folders = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    log.warn('mapper directory is unreadable', { directory, error: describeError(error) });
  }
  for (const name of folders) {
    const mapper = readPackage(join(directory, name), log);
    if (!mapper) continue;
    const other = found.get(mapper.protocol);
    if (other)
      log.warn('two mappers for one protocol', { protocol: mapper.protocol, used: other.entry, left: mapper.entry });
    else found.set(mapper.protocol, mapper);
  }
  return found;
}

function readPackage(folder: string, log: Logger): MapperPackage | undefined {
  const path = join(folder, 'package.json');
  if (!existsSync(path)) return undefined;
  try {
    const gateway: unknown = (JSON.parse(readFileSync(path, 'utf8')) as { gateway?: unknown }).gateway;
    if (gateway === undefined) return undefined;
    const { protocol, start } = gateway as { protocol?: unknown; start?: unknown };
    if (typeof protocol !== 'string' || !/^[a-z0-9][-a-z0-9]{0,62}$/.test(protocol)) {
      throw new Error('gateway.protocol must be a word of a-z, 0-9 and -');
    }
    if (typeof start !== 'string' || !/^[\w-]+$/.test(start)) throw new Error('gateway.start must name a file');
    const built = join(folder, `${start}.mjs`);
    if (existsSync(built)) return { protocol, entry: built, argv: [...nodeFlags, built] };
    const source = join(folder, `${start}.ts`);
    if (!existsSync(source)) throw new Error(`there is neither ${start}.mjs nor ${start}.ts`);
    return { protocol, entry: source, argv: [...nodeFlags, '--import', import.meta.resolve('tsx'), source] };
  } catch (error) {
    log.warn('mapper is unusable', { folder, error: describeError(error) });
    return undefined;
  }
}
