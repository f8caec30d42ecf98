import { isObject, type Json, type JsonObject } from '../json.ts';
import { invalidValue, required } from '../objects/causes.ts';
import type { Cause } from '../server/status.ts';
import { listAt, mapAt, textAt } from '../table/fields.ts';

/** The defaults of a service. It gets no address of its own: nothing here routes to it. */
export function defaultService(service: JsonObject): void {
  service.spec ??= {};
  if (!isObject(service.spec)) return;
  const { spec } = service;
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'ClientIP') spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } };
  for (const port of listAt(spec, 'ports')) {
    port.protocol ??= 'TCP';
    port.targetPort ??= port.port ?? 0;
  }
  if (spec.type === 'ExternalName') return;
  spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

const assigned = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'];

/** What the original's allocator decides. One without a selector may have endpoints of both families. */
export function prepareService(service: JsonObject): void {
  if (!isObject(service.spec) || service.spec.type === 'ExternalName') return;
  const { spec } = service;
  if (typeof spec.clusterIP === 'string') spec.clusterIPs ??= [spec.clusterIP];
  const anyFamily = spec.clusterIP === 'None' && spec.selector === undefined;
  spec.ipFamilyPolicy ??= anyFamily ? 'RequireDualStack' : 'SingleStack';
  spec.ipFamilies ??= spec.ipFamilyPolicy === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6'];
}

/** An update that does not speak of what was assigned leaves it. */
export function keepAssigned(service: JsonObject, before: JsonObject): void {
  if (!isObject(service.spec) || !isObject(before.spec) || service.spec.type === 'ExternalName') return;
  for (const key of assigned) {
    const value = before.spec[key];
    if (value !== undefined) service.spec[key] ??= value;
  }
}

export function serviceWarnings(service: JsonObject): string[] {
  const { clusterIP, sessionAffinity } = mapAt(service, 'spec');
  const idle = clusterIP === 'None' && sessionAffinity === 'ClientIP';
  return idle ? ['spec.SessionAffinity is ignored for headless services'] : [];
}

export function serviceCauses(service: JsonObject): Cause[] {
  const spec = mapAt(service, 'spec');
  const ports = listAt(spec, 'ports');
  const causes: Cause[] = [];
  if (spec.type === 'ExternalName') {
    if (textAt(spec, 'externalName') === '') causes.push(required('spec.externalName'));
  } else if (ports.length === 0 && spec.clusterIP !== 'None') causes.push(required('spec.ports'));
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    if (ports.length > 1 && (port.name ?? '') === '') causes.push(required(`${at}.name`));
    causes.push(...portCauses(`${at}.port`, port.port ?? 0));
    if (typeof port.targetPort === 'number') causes.push(...portCauses(`${at}.targetPort`, port.targetPort));
  }
  return causes;
}

function portCauses(field: string, port: Json): Cause[] {
  if (typeof port === 'number' && port >= 1 && port <= 65_535) return [];
  return [invalidValue(field, port, 'must be between 1 and 65535, inclusive')];
}
