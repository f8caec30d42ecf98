import { formatAge, millis } from '@selvedge/base/duration';
import type { DeviceView, PropertyView } from '../source/source.ts';
import { table } from './table.ts';

const age = (now: number, at: number | undefined): string => (at === undefined ? '' : formatAge(millis(now - at)));

/** Devices as a table; `wide` adds why. Pure. */
export function deviceTable(devices: readonly DeviceView[], now: number, wide: boolean): string {
  const heading = [
    'NAME',
    'NODE',
    'PROTOCOL',
    'STATE',
    'READY',
    'SYNCED',
    'AGE',
    ...(wide ? ['READY-REASON', 'SYNCED-REASON'] : []),
  ];
  const rows = devices.map((device) => [
    device.name,
    device.node,
    device.protocol,
    device.state,
    device.ready,
    device.synced,
    age(now, device.createdAt),
    ...(wide ? [device.readyReason, device.syncedReason] : []),
  ]);
  return table(heading, rows);
}

/** One device with its properties. Pure. */
export function deviceDetail(device: DeviceView, now: number): string {
  const rows = device.properties.map((property) => [
    property.name,
    property.desired ?? '',
    property.reported ?? '',
    property.quality ?? '',
    age(now, property.reportedAt),
    writeText(property),
  ]);
  const head = [
    `${device.namespace}/${device.name}  state ${device.state || 'unknown'}`,
    `Ready=${device.ready || 'Unknown'} (${device.readyReason})  Synced=${device.synced || 'Unknown'} (${device.syncedReason})`,
    ...(device.message ? [device.message] : []),
  ];
  return `${head.join('\n')}\n\n${table(['PROPERTY', 'DESIRED', 'REPORTED', 'QUALITY', 'AGE', 'LAST WRITE'], rows)}`;
}

/** What became of the last write, in a few words. */
export function writeText({ lastWrite }: PropertyView): string {
  if (!lastWrite) return '';
  const why = lastWrite.reason === undefined ? '' : `: ${lastWrite.reason}`;
  return `${lastWrite.value} ${lastWrite.phase}${why}`;
}

/** One line for `watch`: what a device has now. */
export function deviceLine(device: DeviceView): string {
  const values = device.properties.map(({ name, reported, desired }) => {
    const wanted = desired !== undefined && desired !== reported ? ` (want ${desired})` : '';
    return `${name}=${reported ?? '?'}${wanted}`;
  });
  return `${device.namespace}/${device.name}  ${device.state || 'unknown'}  ${values.join('  ')}`;
}

/** The object behind a device as `kubectl get -o yaml` shows it: without the book-keeping of who manages which field. */
export function rawObject({ raw }: DeviceView): unknown {
  const { metadata, ...rest } = raw as { readonly metadata?: object };
  if (metadata === undefined) return raw;
  const { managedFields: _, ...shown } = metadata as { readonly managedFields?: unknown };
  return { ...rest, metadata: shown };
}

/** Several of them in kubectl's form, a v1 List. */
export const rawList = (devices: readonly DeviceView[]): unknown => ({
  apiVersion: 'v1',
  kind: 'List',
  metadata: { resourceVersion: '' },
  items: devices.map(rawObject),
});

/** What `set` says when its time, `limit` ms, is up. Pure. */
export function unconfirmed(device: DeviceView, property: string, value: string, state: string, limit: number): string {
  const why = device.ready === 'True' || device.message === '' ? '' : `; ${device.message}`;
  return (
    `${device.name}/${property} is not ${value} yet: the device has not confirmed it within ${limit / 1_000} s (${state})${why}; ` +
    `it stays desired; see \`selvedge describe device ${device.name} -n ${device.namespace}\``
  );
}
