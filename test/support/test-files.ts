import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Suites that need a built product, foreign tools or much time: run by naming them, as `.ci/run` does. */
const heavy = ['test/e2e', 'test/start', 'test/interop', 'test/bench'];
const ignored = new Set(['node_modules', 'dist', '.git', '.selvedge', '.cache', 'vectors']);

/**
 * Test files under the places named, sorted. Without places: all of the project but the heavy suites.
 * A place is a file or a folder, relative to the working directory.
 */
export function listTestFiles(places: readonly string[]): string[] {
  const found = (places.length === 0 ? ['.'] : places).flatMap((place) => walk(place, places.length === 0));
  return [...new Set(found)].sort();
}

function walk(place: string, skipHeavy: boolean): string[] {
  if (statSync(place).isFile()) return place.endsWith('.test.ts') ? [place] : [];
  return readdirSync(place, { withFileTypes: true }).flatMap((entry) => {
    const path = join(place, entry.name);
    if (entry.isDirectory()) {
      return ignored.has(entry.name) || (skipHeavy && heavy.includes(path)) ? [] : walk(path, skipHeavy);
    }
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}
