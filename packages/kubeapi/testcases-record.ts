/**
 * Asks a real Kubernetes API server what it does with each case in patch/testcases and apply/testcases, and writes its
 * answers into the files. The unit tests replay them without a server. To add a case, write its steps without `answer`
 * and run this; to follow a newer Kubernetes, run it and review the difference.
 *
 *   NODE_EXTRA_CA_CERTS=D/api/apiserver.crt node --import tsx packages/kubeapi/testcases-record.ts https://127.0.0.1:6443 TOKEN
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { withoutManagers } from './apply/managers.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { type Answer, pathOf, type Step, scrub, stepTime, type TestCases } from './testcases.ts';

const [server = 'https://127.0.0.1:6443', token = ''] = process.argv.slice(2);

/** Stands in a case for its namespace, and for the name of a cluster-scoped object; both differ from run to run. */
const uniqueName = 'UNIQUE-NAME';

const contentTypes: { readonly [verb in Step['verb']]: [method: string, contentType: string] } = {
  create: ['POST', 'application/json'],
  update: ['PUT', 'application/json'],
  json: ['PATCH', 'application/json-patch+json'],
  merge: ['PATCH', 'application/merge-patch+json'],
  strategic: ['PATCH', 'application/strategic-merge-patch+json'],
  apply: ['PATCH', 'application/apply-patch+yaml'],
};

const files = ['patch', 'apply'].flatMap((folder) => {
  const base = new URL(`./${folder}/testcases/`, import.meta.url);
  return readdirSync(base)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({
      owners: folder === 'apply',
      url: new URL(name, base),
      cases: JSON.parse(readFileSync(new URL(name, base), 'utf8')) as TestCases,
    }));
});

const run = Date.now().toString(36);
const jobs = files.flatMap(({ cases, owners }, file) =>
  cases.cases.map((testCase, index) => ({
    kind: testCase.kind ?? cases.kind,
    testCase,
    owners,
    namespace: `rec-${run}-${file}-${index}`,
  })),
);
for (const { cases } of files) if (cases.crd !== undefined) await install(cases.crd);
for (const { namespace } of jobs) {
  await send('POST', '/api/v1/namespaces', 'application/json', { metadata: { name: namespace } });
  // A pod wants it, and no controller runs here that would make it.
  const account = { metadata: { name: 'default' } };
  await send('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, 'application/json', account);
}

const started: number[] = [];
const rounds = Math.max(...jobs.map(({ testCase }) => testCase.steps.length));
for (let round = 0; round < rounds; round += 1) {
  // Managers are ordered by whole seconds; each step gets one of its own, on which all cases run at the same time.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  started.push(Math.floor(Date.now() / 1_000));
  await Promise.all(jobs.map((job) => perform(job, round)));
}
for (const { kind, namespace } of jobs) {
  await send('DELETE', `/api/v1/namespaces/${namespace}`, 'application/json');
  if (kind.clusterScoped === true) await send('DELETE', `${pathOf(kind, '')}/${namespace}`, 'application/json');
}
for (const { url, cases } of files) writeFileSync(url, printed(cases));
console.log(`recorded ${jobs.length} cases in ${files.length} files`);

/** One step a line, so that a difference between two recordings can be read. */
function printed({ kind, crd, cases }: TestCases): string {
  const head = `{"kind":${JSON.stringify(kind)},${crd === undefined ? '' : `\n"crd":${JSON.stringify(crd)},`}\n"cases":[\n`;
  const body = cases.map(({ description, kind: own, name, steps }) => {
    const lines = steps.map((step) => ` ${JSON.stringify(step)}`).join(',\n');
    const where = own === undefined ? '' : `"kind":${JSON.stringify(own)},`;
    return `{"description":${JSON.stringify(description)},${where}"name":${JSON.stringify(name)},"steps":[\n${lines}\n]}`;
  });
  return `${head}${body.join(',\n')}\n]}\n`;
}

async function perform({ kind, testCase, owners, namespace }: (typeof jobs)[number], round: number): Promise<void> {
  const step = testCase.steps[round];
  if (step === undefined) return;
  const [method, contentType] = contentTypes[step.verb];
  const collection = pathOf(kind, namespace);
  const subresource = step.subresource === undefined ? '' : `/${step.subresource}`;
  const query = new URLSearchParams({ fieldManager: step.manager, fieldValidation: 'Ignore' });
  if (step.force === true) query.set('force', 'true');
  const one = `${collection}/${kind.clusterScoped === true ? namespace : testCase.name}`;
  const path = `${step.verb === 'create' ? collection : `${one}${subresource}`}?${query}`;
  const sent = step.verb === 'update' ? await withRevision(step.body, one) : step.body;
  const body = JSON.parse(JSON.stringify(sent).replaceAll(uniqueName, namespace)) as Json;
  const text = await send(method, path, contentType, body);
  const answer = JSON.parse(text.replaceAll(namespace, 'default')) as JsonObject;
  step.answer = answer.kind === 'Status' ? failure(answer) : { object: kept(scrub(answer, timeOfStep), owners) };
}

/** Patches are recorded without their owners, which are half of every answer and say nothing about the patch. */
function kept(object: JsonObject, owners: boolean): JsonObject {
  return owners ? object : withoutManagers(object);
}

/** The time that tests use for the step during which the server wrote `time`. */
function timeOfStep(time: string): string {
  const second = Date.parse(time) / 1_000;
  const step = started.findLastIndex((start) => start <= second);
  return step < 0 ? time : stepTime(step);
}

function failure(status: JsonObject): Answer {
  const details = isObject(status.details) ? status.details : {};
  return {
    code: status.code ?? null,
    reason: status.reason ?? null,
    message: status.message ?? null,
    ...(details.causes !== undefined && { causes: details.causes }),
  };
}

async function withRevision(body: Json, path: string): Promise<Json> {
  const live = JSON.parse(await send('GET', path, 'application/json')) as JsonObject;
  const resourceVersion = isObject(live.metadata) ? (live.metadata.resourceVersion ?? '') : '';
  if (!isObject(body) || !isObject(body.metadata)) return body;
  return { ...body, metadata: { ...body.metadata, resourceVersion } };
}

async function install(crd: Json): Promise<void> {
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', 'application/json', crd);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
}

async function send(method: string, path: string, contentType: string, body?: Json): Promise<string> {
  const response = await fetch(`${server}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  return response.text();
}
