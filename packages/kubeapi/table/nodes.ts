import type { JsonObject } from '../json.ts';
import { at, listAt, mapAt, textAt } from './fields.ts';
import { age, ageColumn, name, nameColumn, type Printer, text, wide } from './printer.ts';

const roleLabel = 'node-role.kubernetes.io/';

export const nodePrinter: Printer = {
  columns: [
    nameColumn,
    text('Status'),
    text('Roles'),
    ageColumn,
    text('Version'),
    wide('Internal-IP'),
    wide('External-IP'),
    wide('OS-Image'),
    wide('Kernel-Version'),
    wide('Container-Runtime'),
  ],
  cells: (node, now) => {
    const info = mapAt(node, 'status', 'nodeInfo');
    const known = (key: string) => textAt(info, key) || '<unknown>';
    const architecture = textAt(info, 'architecture');
    const kernel = known('kernelVersion');
    return [
      name(node),
      statusOf(node),
      rolesOf(node),
      age(node, now),
      textAt(info, 'kubeletVersion'),
      addressOf(node, 'InternalIP'),
      addressOf(node, 'ExternalIP'),
      known('osImage'),
      architecture === '' ? kernel : `${kernel} (${architecture})`,
      known('containerRuntimeVersion'),
    ];
  },
};

function statusOf(node: JsonObject): string {
  const ready = listAt(node, 'status', 'conditions').find(({ type }) => type === 'Ready');
  const status = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return at(node, 'spec', 'unschedulable') === true ? `${status},SchedulingDisabled` : status;
}

function rolesOf(node: JsonObject): string {
  const roles = Object.keys(mapAt(node, 'metadata', 'labels'))
    .filter((label) => label.startsWith(roleLabel) && label.length > roleLabel.length)
    .map((label) => label.slice(roleLabel.length));
  return roles.sort().join(',') || '<none>';
}

function addressOf(node: JsonObject, type: string): string {
  const found = listAt(node, 'status', 'addresses').find((address) => address.type === type);
  return found === undefined ? '<none>' : textAt(found, 'address');
}
