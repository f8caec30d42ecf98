import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a bundle is made of. Plain JavaScript without dependencies: this runs before anything is installed. */
export const sourcePlaces = {
  folders: ['packages', 'cloud', 'gateway', 'mappers', 'hil-sim', 'crds'],
  files: ['scripts/build.mjs', 'package.json', 'package-lock.json'],
};

/**
 * A word that changes whenever a source file is added, removed or changed. Sizes and times, not contents: that takes a few
 * milliseconds for the whole tree. Tests are no part of a bundle and do not count.
 *
 * @param {string} root  folder of the project
 * @returns {string}
 */
export function sourceFingerprint(root) {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  const walk = (folder) => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== 'node_modules') walk(path);
      else if (entry.isFile() && !entry.name.endsWith('.test.ts')) add(path);
    }
  };
  for (const file of sourcePlaces.files) add(file);
  for (const folder of sourcePlaces.folders) walk(folder);
  return hash.digest('hex');
}

/** Fingerprint of what `npm ci` depends on: the lock file, and Node's ABI, for which native modules are compiled. */
export function installFingerprint(root) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return createHash('sha256').update(lock).update(` abi ${process.versions.modules}`).digest('hex');
}

/** Contents of a file, or undefined when there is none. */
export function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
