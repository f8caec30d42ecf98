import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../json.ts';
import type { Cause } from '../server/status.ts';
import { configMapCauses } from './config-maps.ts';
import { maxDataBytes } from './data.ts';
import { eventCauses } from './events.ts';
import { defaultPod, preparePod } from './pod-defaults.ts';
import { podCauses } from './pods.ts';
import { defaultSecret, secretCauses } from './secrets.ts';
import { defaultService, serviceCauses } from './services.ts';

const test = suite('what single built-in kinds do');

const texts = (causes: readonly Cause[]): string[] => causes.map(({ field, message }) => `${field}: ${message}`);
const container = (more: JsonObject = {}): JsonObject => ({ name: 'main', image: 'example.com/main:1', ...more });
const pod = (...containers: JsonObject[]): JsonObject => ({ metadata: { name: 'a' }, spec: { containers } });
const quality = (...containers: JsonObject[]): unknown => {
  const object = pod(...containers);
  defaultPod(object);
  preparePod(object);
  return (object.status as JsonObject).qosClass;
};

test('an image that may change tomorrow is pulled always', () => {
  const pulled = (image: string): unknown => {
    const object = container({ image });
    defaultPod(pod(object));
    return object.imagePullPolicy;
  };
  assert.is(pulled('main'), 'Always');
  assert.is(pulled('host:5000/main'), 'Always');
  assert.is(pulled('main:latest'), 'Always');
  assert.is(pulled('host:5000/main:1.2'), 'IfNotPresent');
  assert.is(pulled('main@sha256:0123'), 'IfNotPresent');
});

test('what a pod says itself is left as it is', () => {
  const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 };
  const object: JsonObject = {
    spec: { containers: [container()], restartPolicy: 'Never', tolerations: [own], serviceAccountName: 'robot' },
  };
  defaultPod(object);
  const spec = object.spec as JsonObject;
  assert.is(spec.restartPolicy, 'Never');
  assert.is(spec.serviceAccount, 'robot');
  assert.equal(
    (spec.tolerations as JsonObject[]).map(({ tolerationSeconds }) => tolerationSeconds),
    [5, 300],
  );
});

test('the quality of service follows from what the containers ask for', () => {
  const all = { cpu: '1', memory: '1Gi' };
  assert.is(quality(container()), 'BestEffort');
  assert.is(quality(container({ resources: { requests: { cpu: '1' } } })), 'Burstable');
  assert.is(quality(container({ resources: { limits: all } })), 'Guaranteed');
  assert.is(quality(container({ resources: { limits: all } }), container({ name: 'side' })), 'Burstable');
});

test('of a pod the image and more tolerations may change, and little else', () => {
  const before = pod(container());
  const with_ = (change: JsonObject): JsonObject => ({
    ...before,
    spec: { ...(before.spec as JsonObject), ...change },
  });
  assert.equal(podCauses(with_({ containers: [container({ image: 'example.com/main:2' })] }), before), []);
  assert.equal(podCauses(with_({ tolerations: [{ operator: 'Exists' }] }), before), []);
  assert.match(texts(podCauses(with_({ nodeName: 'edge-2' }), before))[0] ?? '', /^spec: Forbidden: pod updates/);
  assert.equal(texts(podCauses(with_({ containers: [container(), container({ name: 'b' })] }), before)), [
    'spec.containers: Forbidden: pod updates may not add or remove containers',
  ]);
});

test('containers have a name, of their own, and an image', () => {
  assert.equal(texts(podCauses(pod(), undefined)), ['spec.containers: Required value']);
  assert.equal(texts(podCauses(pod({ name: 'a' }, container({ name: 'a' })), undefined)), [
    'spec.containers[0].image: Required value',
    'spec.containers[1].name: Duplicate value: "a"',
  ]);
});

test('a service names ports that there are; without a target a port is its own', () => {
  const service: JsonObject = { metadata: { name: 'a' }, spec: { ports: [{ port: 0 }, { port: 80 }] } };
  defaultService(service);
  assert.equal(texts(serviceCauses(service)), [
    'spec.ports[0].name: Required value',
    'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.ports[1].name: Required value',
  ]);
  assert.equal(texts(serviceCauses({ spec: { type: 'ExternalName' } })), ['spec.externalName: Required value']);
});

test('text in a secret becomes bytes, over what was there', () => {
  const secret: JsonObject = { stringData: { a: 'hello' }, data: { a: 'eA==', b: 'eA==' } };
  defaultSecret(secret);
  assert.equal(secret, { type: 'Opaque', data: { a: 'aGVsbG8=', b: 'eA==' } });
});

test('a secret has what its type asks for', () => {
  const causes = (type: string, data: JsonObject) => texts(secretCauses({ type, data }, undefined));
  assert.equal(causes('kubernetes.io/basic-auth', { password: 'eA==' }), []);
  assert.is(causes('kubernetes.io/basic-auth', {}).length, 2);
  assert.equal(causes('kubernetes.io/tls', { 'tls.crt': '' }), ['data[tls.key]: Required value']);
  const config = (text: string) => ({ '.dockerconfigjson': Buffer.from(text).toString('base64') });
  assert.equal(causes('kubernetes.io/dockerconfigjson', config('{}')), []);
  assert.is(causes('kubernetes.io/dockerconfigjson', config('{')).length, 1);
});

test('what is marked immutable stays, and data is bounded', () => {
  const before = { immutable: true, data: { a: '1' } };
  assert.equal(texts(configMapCauses({ data: { a: '2' } }, before)), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
    'data: Forbidden: field is immutable when `immutable` is set',
  ]);
  assert.equal(configMapCauses({ data: { a: 'x'.repeat(maxDataBytes) } }, undefined), []);
  assert.equal(texts(configMapCauses({ data: { a: 'x'.repeat(maxDataBytes + 1) } }, undefined)), [
    '[]: Too long: may not be more than 1048576 bytes',
  ]);
});

test('an event is where its object is, whichever of the two kinds of events it is', () => {
  const metadata = { namespace: 'plant' };
  assert.equal(eventCauses({ metadata, involvedObject: { namespace: 'plant' } }), []);
  assert.is(eventCauses({ metadata, regarding: { namespace: 'other' } }).length, 1);
  assert.equal(eventCauses({ metadata: { namespace: 'default' }, involvedObject: { kind: 'Node' } }), []);
});

test.run();
