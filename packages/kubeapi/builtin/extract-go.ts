/**
 * Writes go-fields.json: what the Go types of the built-in kinds do that their OpenAPI schemas do not say, read from the
 * sources of Kubernetes in Go's module cache (`npm run kube:build` brings them there).
 *
 *   node --import tsx packages/kubeapi/builtin/extract-go.ts
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinDefinitions } from '../openapi/builtin.ts';

const sources: readonly (readonly [module: string, file: string])[] = [
  ['k8s.io/api', 'core/v1/types.go'],
  ['k8s.io/api', 'coordination/v1/types.go'],
  ['k8s.io/api', 'events/v1/types.go'],
  ['k8s.io/apimachinery', 'pkg/apis/meta/v1/types.go'],
  ['k8s.io/apiextensions-apiserver', 'pkg/apis/apiextensions/v1/types.go'],
  ['k8s.io/apiextensions-apiserver', 'pkg/apis/apiextensions/v1/types_jsonschema.go'],
];

const root = join(import.meta.dirname, '../../..');
const folderOf = (module: string): string =>
  execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', module], { cwd: join(root, 'test/kube') })
    .toString()
    .trim();
const texts = sources.map(([module, file]) => readFileSync(join(folderOf(module), file), 'utf8'));

const scalars = new Set(['string', 'bool', 'int', 'int32', 'int64', 'float64', 'types.UID']);
for (const text of texts) {
  for (const [, name = ''] of text.matchAll(/^type (\w+) (?:string|bool|int32|int64)$/gm)) scalars.add(name);
}
const served = new Set(Object.keys(builtinDefinitions).map((name) => name.slice(name.lastIndexOf('.') + 1)));

const found = new Map<string, { omitted: Set<string>; times: Set<string> }>();
for (const text of texts) {
  for (const [, type = '', body = ''] of text.matchAll(/^type (\w+) struct \{\n(.*?)^\}/gms)) {
    if (!served.has(type)) continue;
    const fields = found.get(type) ?? { omitted: new Set(), times: new Set() };
    found.set(type, fields);
    for (const [, goType = '', tag = ''] of body.matchAll(/^\t\w+ +([\w.*[\]]+) +`json:"([^"]*)"/gm)) {
      const [name = '', ...options] = tag.split(',');
      if (scalars.has(goType) && options.includes('omitempty')) fields.omitted.add(name);
      if (/^(metav1\.)?(Micro)?Time$/.test(goType) && !options.includes('omitzero')) fields.times.add(name);
    }
  }
}

const lines = [...found]
  .map(([type, { omitted, times }]) => [type, { omitted: [...omitted], times: [...times] }] as const)
  .filter(([, { omitted, times }]) => omitted.length + times.length > 0)
  .sort(([left], [right]) => (left < right ? -1 : 1))
  .map(([type, fields]) => `${JSON.stringify(type)}: ${JSON.stringify(fields)}`);
writeFileSync(new URL('./go-fields.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`);
