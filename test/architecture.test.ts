import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { brokenImports, circles, type ImportGraph, parseImportTable } from './support/import-table.ts';

const root = join(import.meta.dirname, '..');
const rooms = ['packages', 'cloud', 'gateway', 'mappers', 'hil-sim', 'crds', 'scripts', 'test'];
const test = suite('architecture');

/** Workspace packages by name, so that `@selvedge/contract/device` is found as `packages/contract/device.ts`. */
function workspaces(): Map<string, string> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
  return new Map(
    manifest.workspaces.map((folder) => {
      const { name } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { name: string };
      return [name, folder];
    }),
  );
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'dist', 'vectors'].includes(entry.name) ? [] : sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

/** Imports of our own files, static and dynamic, by file. */
function importGraph(): ImportGraph {
  const names = workspaces();
  const graph: Map<string, string[]> = new Map();
  for (const file of rooms.flatMap(sources)) {
    const text = readFileSync(join(root, file), 'utf8');
    const specifiers = [...text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
    const targets = specifiers.flatMap((specifier) => {
      if (specifier.startsWith('.')) return [relative(root, join(root, dirname(file), specifier))];
      const [, name = '', path = ''] = /^(@selvedge\/[^/]+)\/(.+)$/.exec(specifier) ?? [];
      const folder = names.get(name);
      return folder === undefined ? [] : [join(folder, `${path}.ts`)];
    });
    graph.set(file, targets);
  }
  return graph;
}

const table = parseImportTable(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));
const graph = importGraph();

test('the import table of ARCHITECTURE.md is there and names every room', () => {
  assert.ok(table.length >= 12);
  assert.ok(graph.size > 50);
});

test('no import breaks the table', () => {
  assert.equal(brokenImports(table, graph), []);
});

test('no files import each other in a circle', () => {
  assert.equal(circles(graph), []);
});

test('SQLite is opened in one place, which knows the release that fits this Node', () => {
  const name = 'better-sqlite3';
  const loads = new RegExp(`\\b(?:import (?!type\\b)[^;]*from|import\\(|require\\() ?'${name}`);
  assert.match(`import Database from '${name}';`, loads);
  const files = rooms.flatMap(sources).filter((file) => loads.test(readFileSync(join(root, file), 'utf8')));
  assert.equal(files, []);
});

test('a broken import and a circle are found', () => {
  const bad: ImportGraph = new Map([
    ['packages/base/a.ts', ['packages/contract/b.ts']],
    ['packages/contract/b.ts', ['packages/base/a.ts']],
    ['gateway/bus/c.ts', ['gateway/store/d.ts', 'gateway/bus/e.ts']],
    ['hil-sim/x.ts', ['mappers/modbus/schema.ts']],
    ['gateway/bus/c.test.ts', ['cloud/main.ts']],
  ]);
  assert.equal(brokenImports(table, bad), [
    'packages/base/a.ts imports packages/contract/b.ts: packages/base may import nothing',
    'gateway/bus/c.ts imports gateway/store/d.ts: gateway/* may import packages/base, packages/contract',
    'hil-sim/x.ts imports mappers/modbus/schema.ts: hil-sim may import packages/base, packages/contract',
  ]);
  assert.equal(circles(bad), [['packages/base/a.ts', 'packages/contract/b.ts']]);
});

test.run();
