import type { JsonObject } from '../json.ts';
import { at, labelsText, listAt, mapAt, numberAt, textAt } from './fields.ts';
import { age, ageColumn, name, nameColumn, type Printer, text, wide } from './printer.ts';

export const servicePrinter: Printer = {
  columns: [
    nameColumn,
    text('Type'),
    text('Cluster-IP'),
    text('External-IP'),
    text('Port(s)'),
    ageColumn,
    wide('Selector'),
  ],
  cells: (service, now) => [
    name(service),
    textAt(service, 'spec', 'type'),
    textAt(service, 'spec', 'clusterIP') || '<none>',
    externalOf(service),
    listAt(service, 'spec', 'ports').map(portText).join(',') || '<none>',
    age(service, now),
    labelsText(mapAt(service, 'spec', 'selector')),
  ],
};

function externalOf(service: JsonObject): string {
  const given = at(service, 'spec', 'externalIPs');
  const addresses = Array.isArray(given) ? given.map(String) : [];
  switch (textAt(service, 'spec', 'type')) {
    case 'ExternalName':
      return textAt(service, 'spec', 'externalName');
    case 'LoadBalancer': {
      const ingress = listAt(service, 'status', 'loadBalancer', 'ingress').map(
        (point) => textAt(point, 'ip') || textAt(point, 'hostname'),
      );
      return [...ingress, ...addresses].join(',') || '<pending>';
    }
    default:
      return addresses.join(',') || '<none>';
  }
}

function portText(port: JsonObject): string {
  const nodePort = numberAt(port, 'nodePort');
  return `${numberAt(port, 'port')}${nodePort > 0 ? `:${nodePort}` : ''}/${textAt(port, 'protocol')}`;
}
