import { isObject, type JsonObject } from '../json.ts';
import { listAt, mapAt } from '../table/fields.ts';

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'];
/** Mode of a file from a volume: 0644. */
const fileMode = 0o644;
/** How long a pod stays on a node that does not answer, unless it says otherwise. */
const staySeconds = 300;

/** The defaults of a pod: those of its type, and those that the original's admission adds (priority, account, tolerations). */
export function defaultPod(pod: JsonObject): void {
  if (!isObject(pod.spec)) return;
  const { spec } = pod;
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.serviceAccountName ??= spec.serviceAccount ?? 'default';
  spec.serviceAccount ??= spec.serviceAccountName;
  spec.securityContext ??= {};
  spec.schedulerName ??= 'default-scheduler';
  spec.priority ??= 0;
  spec.enableServiceLinks ??= true;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  const containers = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
  for (const container of containers) defaultContainer(container, spec.hostNetwork === true);
  for (const volume of listAt(spec, 'volumes')) defaultVolume(volume);
  tolerate(spec);
}

function defaultContainer(container: JsonObject, hostNetwork: boolean): void {
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= movingTag(String(container.image ?? '')) ? 'Always' : 'IfNotPresent';
  for (const port of listAt(container, 'ports')) {
    port.protocol ??= 'TCP';
    if (hostNetwork && port.containerPort !== undefined) port.hostPort ??= port.containerPort;
  }
  for (const name of probes) if (isObject(container[name])) defaultProbe(container[name]);
  for (const variable of listAt(container, 'env')) defaultFieldReference(mapAt(variable, 'valueFrom'));
  // What is limited and not asked for is asked for to the limit.
  if (!isObject(container.resources) || !isObject(container.resources.limits)) return;
  const { resources } = container;
  resources.requests = { ...container.resources.limits, ...(isObject(resources.requests) ? resources.requests : {}) };
}

function defaultFieldReference(source: JsonObject): void {
  if (isObject(source.fieldRef)) source.fieldRef.apiVersion ??= 'v1';
}

/** Whether an image may be another one tomorrow: it has no tag, or `latest`. */
function movingTag(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}

function defaultProbe(probe: JsonObject): void {
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  if (!isObject(probe.httpGet)) return;
  probe.httpGet.path ??= '/';
  probe.httpGet.scheme ??= 'HTTP';
}

function defaultVolume(volume: JsonObject): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  for (const kind of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    if (isObject(volume[kind])) volume[kind].defaultMode ??= fileMode;
  }
  const sources = [volume, ...listAt(volume, 'projected', 'sources')];
  for (const item of sources.flatMap((source) => listAt(source, 'downwardAPI', 'items'))) defaultFieldReference(item);
  if (isObject(volume.hostPath)) volume.hostPath.type ??= '';
}

function tolerate(spec: JsonObject): void {
  const tolerations = listAt(spec, 'tolerations');
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const covered = tolerations.some(
      (known) =>
        (known.key === key || (known.key === undefined && known.operator === 'Exists')) &&
        (known.effect === 'NoExecute' || known.effect === undefined),
    );
    if (covered) continue;
    tolerations.push({ effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: staySeconds });
  }
  if (tolerations.length > 0) spec.tolerations = tolerations;
}

/** What a new pod is before anybody has looked at it. */
export function preparePod(pod: JsonObject): void {
  pod.status = { phase: 'Pending', qosClass: serviceQuality(pod) };
}

function serviceQuality(pod: JsonObject): string {
  const containers = [...listAt(pod, 'spec', 'initContainers'), ...listAt(pod, 'spec', 'containers')];
  const kinds = ['cpu', 'memory'];
  const asked = (container: JsonObject, what: string) => mapAt(container, 'resources', what);
  const any = containers.some((container) =>
    kinds.some((kind) => asked(container, 'limits')[kind] ?? asked(container, 'requests')[kind]),
  );
  if (!any) return 'BestEffort';
  const guaranteed = containers.every((container) =>
    kinds.every((kind) => {
      const limit = asked(container, 'limits')[kind];
      return limit !== undefined && limit === asked(container, 'requests')[kind];
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
